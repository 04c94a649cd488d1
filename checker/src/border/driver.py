"""Loads one bridge, runs the scenarios that the judge asks for, and answers with plain data.

It knows no expected value and judges nothing. It is started as ``python -I -c``, with the descriptors of two pipes as
its arguments, and lives in the same process as code that nobody trusts: whatever it says is checked outside again.
"""

import os
import sys
import types
from _json import encode_basestring_ascii as quoted

HOME = os.getpid()
FOLDER = os.getcwd()


class TooLarge(Exception):
    """An observation that is no plain data of a sensible size."""


class NoSuchScenario(Exception):
    """A question about a function that scenarios.py does not have."""


def main():
    """Answer one request after the other until the one that ends the conversation."""
    requests = os.fdopen(out_of_the_way(int(sys.argv[1])), "rb")
    replies = out_of_the_way(int(sys.argv[2]))
    del sys.argv[1:]
    sys.path.append(FOLDER)
    sys.modules["observe"] = observe_module()
    loaded = None
    for line in requests:
        # The text is JSON from the judge; with these three names Python reads it as an expression, and the `json` module,
        # which takes as long to import as half an interpreter, stays out.
        request = eval(line.decode(), {"__builtins__": {}, "null": None, "true": True, "false": False})
        if request["do"] == "load":
            caps = Caps(request)
            loaded = Loaded()
            reply = loaded.load(request, caps)
        elif request["do"] == "run":
            reply = loaded.run(request, caps)
        else:
            reply = '"end"'
        if os.getpid() != HOME:
            # A child that a scenario forked has come back instead of ending; the judge hears its parent only.
            os._exit(1)
        send(replies, '{"id":%s,"reply":%s}\n' % (quoted(request["id"]), reply))
        if request["do"] == "end":
            return


def out_of_the_way(descriptor):
    """Move a descriptor to a higher number, which children do not inherit."""
    os.set_inheritable(descriptor, False)
    try:
        moved = os.dup2(descriptor, descriptor + 64 + os.urandom(1)[0] % 64, inheritable=False)
    except OSError:
        return descriptor
    os.close(descriptor)
    return moved


def send(descriptor, text):
    data = text.encode("ascii")
    while data:
        data = data[os.write(descriptor, data) :]


def observe_module():
    """The module that scenarios import `attempt` from."""

    def attempt(function, *args, **kwargs):
        """Call a function; tell what it returned, or the class of the exception that it raised."""
        try:
            return {"returned": function(*args, **kwargs)}
        except Exception as error:
            return {"raised": type(error).__name__}

    module = types.ModuleType("observe", "What scenarios use to observe a bridge.")
    module.attempt = attempt
    return module


class Caps:
    """The judge's limits for what it reads."""

    def __init__(self, request):
        self.deepest = request["deepest"]
        self.most = request["most"]
        self.longest = request["longest"]
        self.texts = request["texts"]


class Loaded:
    """The imported scenarios and the bridge."""

    def load(self, request, caps):
        part = "engine"
        try:
            if request["replace"] is not None:
                __import__(request["replace"]).install()
            # Before the bridge, so that a failure here is never the participant's.
            part = "scenarios"
            self.scenarios = __import__("scenarios")
            part = "bridge"
            self.bridge = __import__(request["bridge"])
        except BaseException as error:
            return '{"failed":["%s",%s]}' % (part, described(error, caps))
        return '"loaded"'

    def run(self, request, caps):
        try:
            function = getattr(self.scenarios, request["scenario"], None)
            if not callable(function):
                raise NoSuchScenario("scenarios.py has no function `%s`" % request["scenario"])
            given = {name: decoded(value) for name, value in request["given"].items()}
            observed = function(self.bridge, **given)
            return '{"observed":%s}' % Encoder(caps).encode(observed, caps.deepest)
        except BaseException as error:
            return '{"raised":%s}' % described(error, caps)


def decoded(value):
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

    def __init__(self, caps):
        self.left = caps.most
        self.longest = caps.longest

    def encode(self, value, depth):
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
                raise TooLarge("an int of %d bits" % value.bit_length())
            return '{"int":"%d"}' % value
        if kind is float:
            return '{"float":"%s"}' % float.__repr__(value)
        if kind is str:
            return self.text(value)
        if kind is bytes:
            self.measure(value)
            return '{"bytes":"%s"}' % value.hex()
        if kind is list or kind is tuple or kind is dict:
            return self.container(kind, value, depth - 1)
        return '{"type":%s}' % quoted(type_name(kind)[:1000])

    def container(self, kind, value, depth):
        if depth < 0:
            raise TooLarge("an observation nested too deep")
        if kind is dict:
            entries = ",".join([self.entry(key, item, depth) for key, item in value.items()])
            return '{"dict":[%s]}' % entries
        items = ",".join([self.encode(item, depth) for item in value])
        return "[%s]" % items if kind is list else '{"tuple":[%s]}' % items

    def entry(self, key, item, depth):
        if type(key) is not str or has_surrogates(key):
            raise TooLarge("a dict with a key that is no plain str: " + type_name(type(key)))
        self.measure(key)
        return "[%s,%s]" % (quoted(key), self.encode(item, depth))

    def text(self, value):
        self.measure(value)
        if not has_surrogates(value):
            return '{"str":%s}' % quoted(value)
        return '{"surrogates":%s}' % quoted(shown(value.replace("\\", "\\\\")))

    def measure(self, value):
        if len(value) > self.longest:
            raise TooLarge("%s of length %d" % (type(value).__name__, len(value)))


def has_surrogates(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def shown(text):
    """Text with lone surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def type_name(kind):
    """The name of a type, past whatever its metaclass would like to say."""
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    if type(module) is not str or module == "builtins":
        return shown(name)
    return shown(module + "." + name)


def described(error, caps):
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
    return '{"class":%s,"message":%s,"traceback":%s}' % tuple(
        [quoted(shown(text)[:longest]) for text, longest in zip(texts, caps.texts)]
    )


def traceback_lines(error):
    """The frames within the work folder, innermost last, and the place of a syntax error."""
    lines = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        lines += place(code.co_filename, step.tb_lineno, " in " + code.co_name)
        step = step.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        lines += place(error.filename, error.lineno, "")
    return lines[-40:]


def place(path, number, function):
    """One frame with its source line; nothing for a file outside the work folder."""
    path = os.path.join(FOLDER, path)
    if not path.startswith(FOLDER + os.sep):
        return []
    lines = ["%s:%s%s" % (path[len(FOLDER) + 1 :], number, function)]
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
