def shows(bridge):
    def again():
        return bridge.show(again)

    return again()
