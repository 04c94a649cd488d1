"""PySDL2: SDL through ctypes: structures, unions of events, pixel arrays, callbacks."""

import ctypes
import os

os.environ.update(SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy", PYSDL2_DLL_VERSION="0")

import sdl2  # noqa: E402


def check_surfaces() -> list:
    surface = sdl2.SDL_CreateRGBSurfaceWithFormat(0, 8, 4, 32, sdl2.SDL_PIXELFORMAT_RGBA32)
    sdl2.SDL_FillRect(surface, sdl2.SDL_Rect(1, 1, 3, 2), 0xFF8040)
    head = surface.contents
    pixels = ctypes.cast(head.pixels, ctypes.POINTER(ctypes.c_uint32))
    red, green, blue = (ctypes.c_uint8() for _ in range(3))
    sdl2.SDL_GetRGB(pixels[9], head.format, red, green, blue)
    result = [head.w, head.h, head.pitch, pixels[0], pixels[9], red.value, green.value, blue.value]
    result.append(head.format.contents.BitsPerPixel)
    sdl2.SDL_FreeSurface(surface)
    return result


def check_rectangles() -> list:
    first, second, both = sdl2.SDL_Rect(0, 0, 10, 10), sdl2.SDL_Rect(5, 5, 10, 10), sdl2.SDL_Rect()
    met = sdl2.SDL_IntersectRect(first, second, both)
    points = (sdl2.SDL_Point * 3)((1, 2), (9, 4), (3, 30))
    sdl2.SDL_EnclosePoints(points, 3, None, first)
    return [met, both.x, both.y, both.w, both.h, first.x, first.y, first.w, first.h, repr(second)]


def check_events() -> list:
    sdl2.SDL_Init(sdl2.SDL_INIT_EVENTS)
    filtered = []

    @sdl2.SDL_EventFilter
    def watch(data, event):
        filtered.append((event.contents.type, event.contents.user.code))
        return 1

    sdl2.SDL_AddEventWatch(watch, None)
    event = sdl2.SDL_Event()
    event.type = sdl2.SDL_USEREVENT
    event.user.code = 42
    sdl2.SDL_PushEvent(ctypes.byref(event))
    back = sdl2.SDL_Event()
    heard = []
    while sdl2.SDL_PollEvent(ctypes.byref(back)):
        if back.type == sdl2.SDL_USEREVENT:
            heard.append(back.user.code)
    sdl2.SDL_DelEventWatch(watch, None)
    sdl2.SDL_Quit()
    return [heard, [it for it in filtered if it[0] == sdl2.SDL_USEREVENT], ctypes.sizeof(event)]


def check_memory_files() -> list:
    memory = ctypes.create_string_buffer(b"0123456789", 10)
    file = sdl2.SDL_RWFromMem(memory, 10)
    out = ctypes.create_string_buffer(4)
    sdl2.SDL_RWseek(file, 3, 0)
    count = sdl2.SDL_RWread(file, out, 1, 4)
    size = sdl2.SDL_RWsize(file)
    sdl2.SDL_RWclose(file)
    return [count, out.raw, size]


def check_text_and_hints() -> list:
    sdl2.SDL_SetHint(b"SDL_FOUR_BRIDGES", b"four")
    heard = []

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p)
    def changed(data, name, old, new):
        heard.append((name, old, new))

    sdl2.SDL_AddHintCallback(b"SDL_FOUR_BRIDGES", changed, None)
    sdl2.SDL_SetHint(b"SDL_FOUR_BRIDGES", b"bridges")
    sdl2.SDL_DelHintCallback(b"SDL_FOUR_BRIDGES", changed, None)
    sdl2.SDL_SetError(b"code %d", ctypes.c_int(7))
    return [heard, sdl2.SDL_GetHint(b"SDL_FOUR_BRIDGES"), sdl2.SDL_GetError()]
