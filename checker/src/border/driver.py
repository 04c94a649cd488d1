"""Loads one bridge, runs the scenarios that the judge asks for, and answers with plain data.

It knows no expected value and judges nothing. It is started as `python -I -c`, with the descriptors
of two pipes as its arguments, and lives in the same process as code that nobody trusts: whatever
it says is checked outside again.
"""

import os
import sys
from _json import encode_basestring_ascii as quoted

HOME = os.getpid()
FOLDER = os.getcwd()
JSON_WORDS = {"__builtins__": {}, "null": None, "true": True, "false": False}


class TooLarge(Exception):
    """An observation that is no plain data of a sensible size."""


class NoSuchScenario(Exception):
    """A question about a function that scenarios.py does not have."""


def main() -> None:
    """Answer one request after the other until the one that ends the conversation."""
    caps = Caps(*[int(word) for word in sys.argv[1:7]])
    requests = os.fdopen(out_of_the_way(int(sys.argv[7]), 64), "rb")
    replies = out_of_the_way(int(sys.argv[8]), 128)
    del sys.argv[1:]
    sys.path.append(FOLDER)
    sys.modules["observe"] = observe_module()
    loaded = {}
    for line in requests:
        # The text is JSON from the judge; with these three names Python reads it as an expression,
        # and the `json` module, which takes almost as long to import as Python to start, stays out.
        request = eval(line.decode(), dict(JSON_WORDS))
        reply = '"end"' if request["do"] == "end" else answer(request, loaded, caps)
        if os.getpid() != HOME:
            # A child that a scenario forked came back instead of ending; its parent answers.
            os._exit(1)
        send(replies, f'{{"id":{quoted(request["id"])},"reply":{reply}}}\n')
        if request["do"] == "end":
            return


def answer(request: dict, loaded: dict, caps: "Caps") -> str:
    """Import one part, or run one scenario."""
    try:
        if request["do"] == "load":
            loaded[request["part"]] = module = __import__(request["module"])
            if request["part"] == "engine":
                module.install()
            return '"loaded"'
        function = getattr(loaded["scenarios"], request["scenario"], None)
        if not callable(function):
            raise NoSuchScenario(f"scenarios.py has no function `{request['scenario']}`")
        given = {name: decoded(value) for name, value in request["given"].items()}
        observed = function(loaded["bridge"], **given)
        return f'{{"observed":{Encoder(caps).encode(observed, caps.deepest)}}}'
    except BaseException as error:
        return f'{{"raised":{described(error, caps)}}}'


def out_of_the_way(descriptor: int, lowest: int) -> int:
    """Move a descriptor to one of the 64 numbers from `lowest` on; children do not inherit it."""
    os.set_inheritable(descriptor, False)
    try:
        moved = os.dup2(descriptor, lowest + os.urandom(1)[0] % 64, inheritable=False)
    except OSError:
        return descriptor
    os.close(descriptor)
    return moved


def send(descriptor: int, text: str) -> None:
    data = text.encode("ascii")
    while data:
        data = data[os.write(descriptor, data) :]


def observe_module() -> object:
    """The module that scenarios import `attempt` from."""

    def attempt(function, *args, **kwargs):
        """Call a function; tell what it returned, or the class of the exception that it raised."""
        try:
            return {"returned": function(*args, **kwargs)}
        except Exception as error:
            return {"raised": type(error).__name__}

    # `types.ModuleType`, without the import.
    module = type(sys)("observe", "What scenarios use to observe a bridge.")
    module.attempt = attempt
    return module


class Caps:
    """The judge's limits for what it reads."""

    def __init__(self, deepest: int, most: int, longest: int, *texts: int):
        self.deepest = deepest
        self.most = most
        self.longest = longest
        self.texts = texts


def decoded(value: object) -> object:
    """The Python value of a shape on the wire."""
    kind = type(value)
    if kind is list:
        return [decoded(item) for item in value]
    if kind is not dict:
        return value
    ((tag, content),) = value.items()
    if tag == "int":
        return int(content)
    if tag == "float":
        return float(content)
    if tag == "bytes":
        return bytes.fromhex(content)
    if tag == "tuple":
        return tuple([decoded(item) for item in content])
    if tag == "dict":
        return {key: decoded(item) for key, item in content}
    if tag == "str":
        return content
    raise ValueError("no such value: " + tag)


class Encoder:
    """Writes one observation. Exact types only: anything else is sent as the name of its type."""

    def __init__(self, caps: Caps):
        self.left = caps.most
        self.longest = caps.longest

    def encode(self, value: object, depth: int) -> str:
        self.left -= 1
        if self.left < 0:
            raise TooLarge("an observation with too many values")
        kind = type(value)
        if value is None:
            return "null"
        if kind is bool:
            return "true" if value else "false"
        if kind is int:
            if value.bit_length() > 14000:
                raise TooLarge(f"an int of {value.bit_length()} bits")
            return f'{{"int":"{value}"}}'
        if kind is float:
            return f'{{"float":"{float.__repr__(value)}"}}'
        if kind is str:
            return self.text(value)
        if kind is bytes:
            self.measure(value)
            return f'{{"bytes":"{value.hex()}"}}'
        if kind is list or kind is tuple or kind is dict:
            return self.container(kind, value, depth - 1)
        return f'{{"type":{quoted(type_name(kind)[:1000])}}}'

    def container(self, kind: type, value, depth: int) -> str:
        if depth < 0:
            raise TooLarge("an observation nested too deep")
        if kind is dict:
            entries = ",".join([self.entry(key, item, depth) for key, item in value.items()])
            return f'{{"dict":[{entries}]}}'
        items = ",".join([self.encode(item, depth) for item in value])
        return f"[{items}]" if kind is list else f'{{"tuple":[{items}]}}'

    def entry(self, key: object, item: object, depth: int) -> str:
        if type(key) is not str or has_surrogates(key):
            raise TooLarge("a dict with a key that is no plain str: " + type_name(type(key)))
        self.measure(key)
        return f"[{quoted(key)},{self.encode(item, depth)}]"

    def text(self, value: str) -> str:
        self.measure(value)
        if not has_surrogates(value):
            return f'{{"str":{quoted(value)}}}'
        escaped = shown(value.replace("\\", "\\\\"))
        return f'{{"surrogates":{quoted(escaped)}}}'

    def measure(self, value) -> None:
        if len(value) > self.longest:
            raise TooLarge(f"{type(value).__name__} of length {len(value)}")


def has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def shown(text: str) -> str:
    """Text with lone surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def type_name(kind: type) -> str:
    """The name of a type, past whatever its metaclass would like to say."""
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    if type(module) is not str or module == "builtins":
        return shown(name)
    return shown(module + "." + name)


def described(error: BaseException, caps: Caps) -> str:
    """The class, the message and the frames of an exception, none longer than the judge allows."""
    try:
        message = str(error)
    except Exception:
        message = "(its text cannot be made)"
    try:
        frames = traceback_lines(error)
    except Exception:
        frames = []
    texts = (type(error).__name__, message.replace(FOLDER + os.sep, ""), "\n".join(frames))
    pairs = zip(texts, caps.texts)
    name, message, frames = [quoted(shown(text)[:longest]) for text, longest in pairs]
    return f'{{"class":{name},"message":{message},"traceback":{frames}}}'


def traceback_lines(error: BaseException) -> list:
    """The last frames within the work folder, innermost last, and the place of a syntax error."""
    places = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append((code.co_filename, step.tb_lineno, " in " + code.co_name))
        step = step.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno, ""))
    return [line for where in places[-30:] for line in place(*where)]


def place(path: str, number: int, function: str) -> list:
    """One frame with its source line; nothing for a file outside the work folder."""
    path = os.path.join(FOLDER, path)
    # The second: this program, and text that a bridge compiles by itself.
    if not path.startswith(FOLDER + os.sep) or path.startswith(FOLDER + os.sep + "<"):
        return []
    lines = [f"{path[len(FOLDER) + 1 :]}:{number}{function}"]
    try:
        with open(path, encoding="utf-8", errors="replace") as source:
            for count, line in enumerate(source, 1):
                if count == number:
                    lines.append("    " + line.strip()[:200])
                    break
    except OSError:
        pass
    return lines


main()
