def shows(bridge):
    return bridge.show()
