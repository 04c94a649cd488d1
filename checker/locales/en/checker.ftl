# What participants read. docs/translating.md says what belongs here and how a language is added.
# Words in backticks are typed as they stand; the names of verdicts, bridges and backends are the same in every language.

## The course: `checker`, `next`, `progress`

course-subtitle = how Python calls C
course-counts = { $done } of { $all } exercises done, { $earned } of { $possible } points
course-empty = There is no lesson yet.
course-done = Everything is done.
course-done-next = next: `checker progress` shows what you did, `checker list` all lessons
course-same = `checker` and `cargo run --` are the same; `cargo install --path checker` puts the short one on your PATH.
course-help = `checker --help` shows every command.
course-no-other = There is no other open lesson.
course-no-other-next = next: `checker progress` shows what you did
place-here = You are at { $lesson }, { $minutes } minutes.
place-read = read
place-edit = edit
place-all-done = All of it is done.
place-all-done-next = next: `checker next` goes to the lesson after it
place-last-run = last run: { $variant } { $verdict }
place-failing-next = next: `checker hint` helps with just that; `checker watch` checks at each save
place-open-next = next: `checker watch` checks at each save, `checker run` checks once
place-vanished = note: { $lesson }, where you were, cannot be found or read; what you did there is still remembered
task-done = done
task-now = now
task-open = open
task-points = { $earned }/{ $possible } points
task-points-minutes = { $earned }/{ $possible } points, { $minutes } min
progress-module = module { $name }
progress-all = in all
progress-row = { $done } of { $all } exercises, { $points } of { $possible } points, { $time }

## `list`

list-empty = No lesson yet.
list-done = done
list-here = here
list-begun = begun
list-numbers = { $minutes } min  { $points } points
list-nothing = No lesson has `{ $words }`.
list-nothing-next = next: `checker list` shows all lessons
list-count = { $found } of { $all } lessons
list-search = search
list-search-nothing = nothing has all these words
list-keys = j k move  / search  Enter go there  q quit
list-keys-search = Up Down move  Enter go there  Esc all lessons  Ctrl-C quit

## `hint`, `solution`, `diff`, `reset`

hint-last-run = your last run, { $variant } { $verdict }: { $title }
hint-exercise = the exercise:
hint-others = Other open exercises: { $ids }. { $command } tells of one.
hint-more = More: { $command }
hint-solution = The solution: { $command }
hint-forgotten = warning: this hint is not remembered: { $problem }
solution-withheld = Not passed yet: { $exercises }. A hint leaves you more to find.
solution-withheld-next = next: `{ $hint }`, or the same command again: `{ $again }` then shows it
diff-same = { $file } is the solution, line by line.
diff-both = both:
diff-yours = yours:
diff-solution = solution:
reset-nothing-to-undo = No reset of { $lesson } is left to undo.
reset-nothing = Nothing to set back: the files of { $lesson } are as they were handed out.
reset-back = set back
reset-undone = put back
reset-kept = What was there before is kept in { $folder }.
reset-next = next: `{ $command }` puts it back

## `run`: what was found

run-solution = (solution)
run-submission = (submission { $name })
run-wrong = (wrong answer { $name })
run-passed = { $passed } of { $all } variants passed
run-points = { $earned } of { $possible } points
run-cached = answered from the cache, nothing was run
run-some-cached = { $kept } answered from the cache
run-note = note: { $remark }
run-next = next: { $step }
run-fault-next = next: this is not your fault and costs no points; please report it
run-says = { $who } says:
run-generated = { $count ->
    [one] and one more error in the C that CFFI has written from it: `{ $command }` prints it
   *[other] and { $count } more errors in the C that CFFI has written from it: `{ $command }` prints them
}
run-generated-many = and many more errors in the C that CFFI has written from it: `{ $command }` prints them
run-drawn = (values drawn by the checker)
run-expected = expected
run-observed = observed
run-more-questions = { $count ->
    [one] and one more question went wrong
   *[other] and { $count } more questions went wrong
}
run-raised = { $class } was raised
run-raised-message = { $class } was raised: { $message }
run-unfinished = no answer: { $verdict }
run-not-asked = not asked
run-long-value = { $head }... ({ $type }, { $count } characters in all)
run-differing = { $text } ({ $type }; ... is alike)
run-edit = edit { $files }, then type the same command again
run-edit-watched = edit { $files }, and save it
run-or = or
run-diagnosis = diagnosis: { $title } ({ $class })
run-at = at { $place }
run-because = because { $evidence }
run-more = more: { $command }
run-accepted-nothing = { $file }: nothing was accepted yet
run-accepted-nothing-next = next: read and accept it with `checker snapshots review`
run-accepted-changed = { $file }: the solution observes something else than what was accepted
run-accepted-changed-next = next: accept or reject it with `checker snapshots review`, or correct the solution
run-accepted-broken-next = next: restore it with `{ $command }`
run-quiz = { $title }: { $points } of { $possible } points
run-quiz-open = { $question }: no choice yet
run-quiz-wrong = { $question }: `{ $choice }` is not the best choice
run-not-begun = not begun
run-not-begun-more = `{ $command }` tells what fails there, too
run-done = done: { $exercise }, { $title } ({ $points } points)
run-done-next = next: `checker next` goes on, `checker diff` compares yours with the solution
run-forgotten = warning: this run is not remembered: { $problem }

## Who says something, before `says:`

speaker-build = the build
speaker-judge = the judge
speaker-supervisor = the supervisor
speaker-stderr = the process, on standard error,
speaker-stdout = the process, on standard output,
speaker-import = Python, while it imported the bridge,
speaker-compiler = the compiler, as a warning,

## Verdicts, above a failure

verdict-passed = passed
verdict-wrong = wrong
verdict-not-native = not-native
verdict-compile-error = compile-error
verdict-import-error = import-error
verdict-abi-mismatch = abi-mismatch
verdict-exception = exception
verdict-crashed = crashed
verdict-timeout = timeout
verdict-memory-limit = memory-limit
verdict-output-limit = output-limit
verdict-process-limit = process-limit
verdict-early-exit = early-exit
verdict-leaked-process = leaked-process
verdict-tampered = tampered
verdict-missing-scenarios = missing-scenarios
verdict-skipped = skipped
verdict-grader-fault = grader-fault

## What helps in every lesson

help-compile = The first error counts; later ones often follow from it. Go to the line that it names in your file.
help-import = The file did not load. The last line says why, the line above it where.
help-crashed = Look at the last call before it: does each declared type agree with the header, and is its memory still owned?
help-timeout = Look for a loop that never ends, or a call that waits.
help-memory = Look for a size that was read wrongly, or memory that is never freed.
help-output = Look for a `print` in a loop, and take it out.
help-process = Look for a process that is started; no bridge needs one.
help-exit = Look for what ends the process: `exit`, `os._exit`, or `exit()` in C.

## What is being done

step-venv = setting up { $folder }
step-numpy = installing NumPy
step-engines = building the engines (once for each Python; a minute or two)
step-building = building { $what }
step-compiling = compiling { $file }
step-running = running { $variant }
step-looking = looking at { $variant }
step-solution = running the solution in { $variant }

## `watch`

watch-two = note: another `checker watch` runs in this workshop; both check, and nothing is lost
watch-polling = note: the files are looked at every { $milliseconds } ms, because { $reason }
watch-poll-given = --poll was given
watch-gone = { $lesson } is gone. What you did there is remembered; once it is back, it is checked again.
watch-gone-next = next: put the folder back, or press n for the next lesson
watch-checking = checking { $lesson }
watch-checking-all = checking all lessons
watch-hint = hint
watch-list = list
watch-explaining = explaining { $variant }
watch-nothing-failed = nothing failed that could be explained
watch-busy = the check is not done yet; press the key again after it
watch-ended = the check was ended by { $signal }
watch-ended-next = next: press r to check again
watch-no-other = there is no other open lesson
watch-forgotten = warning: what you do is not remembered: { $problem }
watch-help = h hint, e explain the failure, n next lesson, l list, a run all lessons, r run again, q quit; where keys are lines, press Enter after the letter
watch-keys-long = h hint  e explain  n next  l list  a run all  r run again  q quit
watch-keys-middle = h hint  e explain  n next  ? keys  q quit
watch-keys-short = ? keys  q quit

## Who ended a process, and what the judge noticed

judge-tampering = a reply came that no scenario sends: { $reply }
judge-not-native = the answers are right, and stay the same when the C library returns something else: they are not what C returned
judge-at-import = while the bridge was imported, { $ended }
judge-after-answers = after the last answer, { $ended }
judge-exited = the process ended by itself, with exit code { $code }
judge-signaled = the process was ended by { $name }: { $name ->
    [SIGSEGV] it used an address that is not its own; a wrong pointer type, argtypes, restype or cdef is the usual cause
    [SIGBUS] it used memory that is not there, or not aligned
    [SIGABRT] it gave up by itself, often because the C library found its heap damaged
    [SIGFPE] an integer division by zero, or a quotient that does not fit
    [SIGILL] it ran bytes that are no instruction; a wrong function pointer is the usual cause
    [SIGTRAP] it reached a trap that a check in the code sets off
    [SIGKILL] somebody killed it; the system does so when memory runs out
   *[other] nobody here sent that signal
}
judge-stopped = the process was stopped after { $seconds } s: { $limit }
judge-dismissed = the process was ended by the judge
judge-left-behind = { $count } processes were left behind and had to be ended
judge-said-again =
    { $said }
    { $more ->
        [one] {"["}and so at 1 more question]
       *[other] {"["}and so at { $more } more questions]
    }
limit-time = it ran longer than its time limit
limit-memory = it needed more memory than its limit
limit-output = it wrote more output than its limit
limit-processes = it started more processes than its limit

about = { $name }: { $what }

## `explain`

explain-list-more = More: checker explain CLASS
explain-impossible =
    { $problem }
    next: { $next }
explain-unbuilt =
    it does not build:
    { $said }
explain-all-pass = every variant of { $lesson } passes
explain-all-pass-next = next: name a variant to have it searched for bugs that do not show, as in `{ $command }`
explain-nothing = No bug of a known class was found.
explain-nothing-next = next: what was expected and observed says more here: `checker run` shows it, `checker hint` helps with it
explain-signal-row = signal
explain-variant = variant
explain-question = question
explain-call = C call
explain-seen-by = seen by
explain-section = section
explain-what = What it is
explain-how-known = How we know
explain-next = Next
explain-why = Why it happens
explain-done = What was done
explain-not-done = not done: { $what }
explain-taught-in = Taught in section { $section }, { $topic }.
explain-class-next = Next: { $step }
explain-by-run = the run itself
explain-by-declarations = the declarations beside the header
explain-by-sanitizer = a second run under the sanitizers
explain-by-debugger = a debugger
explain-ended-by = { $name }: { $name ->
    [SIGSEGV] memory was touched that does not belong to the process
    [SIGBUS] memory was touched that is not there
    [SIGABRT] the process gave up by itself
    [SIGFPE] an integer division that has no result
    [SIGILL] bytes were run that are no instruction
    [SIGTRAP] a check that the compiler put in failed
   *[other] the process was ended
}
explain-signal = { $how ->
    [write] { $meaning }; a write to { $address }
    [jump] { $meaning }; a jump to { $address }
   *[read] { $meaning }; a read of { $address }
}
explain-address = address { $address }
explain-address-null = address 0, NULL
explain-address-low = address { $address }, { $above } bytes above NULL
explain-address-impossible = an address that no program can have
explain-run-ordinary = the ordinary run
explain-run-second = the second run, under AddressSanitizer and UndefinedBehaviorSanitizer,
explain-leaks-unchecked = memory that is left at the end could not be looked for, because LeakSanitizer itself gave up: { $why }
explain-run-leaks = the run that counts what is left at the end
explain-run-valgrind = the run under valgrind
explain-run-raised = { $run } raised { $class } ({ $seconds } s)
explain-run-in-order = { $run } ended in order ({ $seconds } s)
explain-run-exit = { $run } ended with exit code { $code } ({ $seconds } s)
explain-run-signal = { $run } was ended by { $signal } ({ $seconds } s)
explain-run-timeout = { $run } was stopped after { $seconds } s
explain-run-limit = { $run } was stopped at a limit ({ $seconds } s)
explain-gdb-stopped = the run under gdb was stopped by { $signal }
explain-gdb-ended = the run under gdb was ended by { $signal }
explain-gdb-in-order = the run under gdb ended in order
explain-gdb-exit = the run under gdb ended with exit code { $code }
explain-gdb-silent = the run under gdb did not tell how the program ended
explain-said-ordinary = standard error of the ordinary run
explain-said-second = standard error of the run under the sanitizers
explain-said-leaks = standard error of the run that counts what is left
explain-said-tool = output of { $tool }
explain-done-before = all of this was done before, with the same files
explain-extension-unbuilt =
    the extension does not build with the sanitizers:
    { $why }
explain-library-unbuilt = the C library does not build with the sanitizers: { $why }
explain-tool-missing = { $tool } is not installed; `sudo apt install { $tool }` or your system's way helps
explain-sanitizer-missing = AddressSanitizer is not installed ({ $file }); install it with `sudo apt install libgcc-$(gcc -dumpversion | cut -d. -f1)-dev` on Debian and Ubuntu, `sudo dnf install libasan libubsan` on Fedora
explain-linux-only = the sanitizer run is made for Linux

## What a diagnosis was concluded from

found-guard-value = the guard value behind a local array was overwritten
found-foreign-block = Python's allocator was given a block that another allocator made
found-by-engine = the engine that stands in for ctypes or CFFI noticed the call, and ended the process
found-overwritten-behind = Python's allocator found the bytes behind a block overwritten
found-overwritten-before = Python's allocator found the bytes before a block overwritten
found-allocator-without-gil = Python's allocator was called by a thread that does not hold the GIL
found-call-without-gil = Python noticed a call by a thread that does not hold the GIL
found-call-without-state = Python noticed a call by a thread without a thread state
found-none-died = the reference count of None reached zero
found-count-below-zero = a reference count fell below zero
found-rust-ended = Rust ended the process: a panic may not leave an `extern "C"` function
found-free-already = the C library found a block freed that was free already
found-never-given = the C library was given an address to free that it never gave
found-notes-overwritten = the C library found its own notes between blocks overwritten
found-null-alone = a C function returned NULL, which means failure, and had set no exception
found-value-and-exception = a C function returned a value, which means success, and had set an exception
found-buffer-held = an object was to change its size while somebody still held its buffer
found-cffi-compared = CFFI compared the declared struct with what the compiler measured
found-other-machine = the loader refused the library: it is for another machine
found-no-library = the loader refused the file: it is no library of this machine
found-too-deep = Python counted more nested calls than it allows
found-assertion = assert found that `{ $condition }` does not hold
found-panic = Rust panicked: { $message }
found-panic-exception = the exception is PanicException: { $message }
found-unmarked-block = Python's allocator was given a block without its marks: another allocator made it
found-argument-error = ctypes could not convert an argument: { $message }
found-no-symbol = the library has no symbol `{ $name }`
found-mangled = it has `{ $mangled }`, which is how C++ writes `{ $name }` with its parameter types
found-undefined = UndefinedBehaviorSanitizer reports: { $what }
found-sanitizer = AddressSanitizer reports { $kind }
found-fpe = only an integer division raises SIGFPE
found-abort = the process sent SIGABRT to itself
found-only-signal = { $name }, and no tool tells more
found-rhythm = { $how ->
    [computed] it computed: { $cpu } s of CPU time in { $wall } s
   *[waited] it waited: { $cpu } s of CPU time in { $wall } s
}
found-waiting-in = its innermost C frames wait in `{ $function }`
found-gil-free = the GIL was free: in a second run another Python thread went on
found-gil-held = the GIL was held: in a second run no other Python thread could go on
found-valgrind-unwritten = valgrind saw a decision that depends on memory nobody wrote
found-valgrind-write = valgrind saw a write outside of every block
found-valgrind-read = valgrind saw a read outside of every block
found-filled = { $memory ->
    [freed] with freed memory filled, the answer is { $answer }, made of the byte it was filled with
   *[fresh] with fresh memory filled, the answer is { $answer }, made of the byte it was filled with
}
found-leak = { $bytes } bytes in { $blocks } blocks were left, and nothing points to them
found-open = { $count } descriptors are open at the end that were not at the start: { $which }
found-openers = descriptors come from { $places }
found-no-use-errno = the bridge reads errno with get_errno, and opens the library without use_errno=True
found-short-address = address { $address } fits into 32 bits; addresses here are longer
found-widened-address = address { $address } is { $number }, a negative int of 32 bits that was made 64 bits wide
found-wild-jump = the processor was sent to address { $address }, where no code is
found-closes-library = the bridge closes the library
found-makes-callbacks = the bridge makes callbacks
found-callback-entry = it crashed in the entry code of a callback, before any Python ran
found-thread-of-c = the thread is one that C started
found-loader-without-gil = the bridge calls it through a loader that lets go of the GIL first
found-in-python = it crashed in `{ $name }`, a function of Python
found-after-extension = it crashed in Python's own code, after the extension had returned
found-null = address { $address } is NULL, or a member of a struct at NULL
found-address-of-fresh = the address is made of the byte with which the second run fills memory that nobody wrote
found-address-of-freed = address { $address } is made of the byte with which freed memory is filled
found-register-of-freed = a register holds { $register }: the byte with which freed memory is filled
found-read-only = the memory is there, and may be read, not written
found-nothing-there = nothing of the process is at that address
found-two-allocators = the block was made by one allocator and freed by another
found-local-returned = the address is that of a local variable whose function has returned
found-division = the processor refused an integer division
found-called-abort = the C code called abort()
found-wrote = { $bytes ->
    [0] the code wrote the memory
    [one] the code wrote 1 byte
   *[other] the code wrote { $bytes } bytes
}
found-read = { $bytes ->
    [0] the code read the memory
    [one] the code read 1 byte
   *[other] the code read { $bytes } bytes
}
found-region = { $side ->
    [before] { $bytes } bytes before a { $size }-byte region
    [inside] { $bytes } bytes inside a { $size }-byte region
   *[after] { $bytes } bytes after a { $size }-byte region
}
found-touched-at = { $touched }, { $region }
found-freed-by-python = { $touched }, and Python freed it, with the object that owned it
found-freed-before = { $touched }, and it had been freed
found-local-array = { $touched }; it is a local array
found-history = { $what ->
    [crashed] it crashed in { $place }
    [freed] it was freed in { $place }
    [freed-first] it was freed first in { $place }
   *[allocated] it was allocated in { $place }
}
found-nameless = a function without a name
found-called-by = { $function }, called by { $caller }
found-freed-twice = a block was freed that had been freed before
found-freed-of-python = free() was given memory that Python's allocator made
found-freed-nothing = free() was given an address that no allocator gave
found-freed-inside = free() was given an address { $region }
found-reads-to-nul = { $function } reads until it finds a NUL
found-stack-alternates = the C stack is full, and its frames alternate between C and Python
found-stack-repeats = the C stack is full, and its innermost frames are all of `{ $function }`

## How a declaration contradicts C: `explain`, `inspect`

fault-size = C needs { $real } bytes, the declaration says { $declared }
fault-union = in C it is a union, declared is a struct
fault-no-union = in C it is a struct, declared is a union
fault-packed = C packs this struct, so no padding lies between its fields; the declaration does not say so: `_pack_ = 1`, `packed=True`, `#[repr(C, packed)]`
fault-not-packed = the declaration packs this struct; C leaves padding between its fields
fault-declared-padding = at offset { $offset } C has `{ $name }`, the declaration leaves padding
fault-real-padding = at offset { $offset } C leaves padding, declared is `{ $name }`
fault-other-field = at offset { $offset } C has `{ $name }`, declared is `{ $declared }`
fault-field-missing = at offset { $offset } C has `{ $name }`, the declaration has nothing that begins there
fault-field-extra = at offset { $offset } the declaration has `{ $name }`, C has nothing that begins there
fault-field-size = `{ $name }` has { $real } in C, declared are { $declared }
fault-bytes = { $count ->
    [one] 1 byte
   *[other] { $count } bytes
}
fault-bits = { $count } bits
fault-note-arguments = its arguments are not declared: each is passed as whatever Python value it is
fault-result = the result
fault-argument = argument { $number }
fault-argument-named = argument { $number } ({ $name })
fault-no-restype = the result is `{ $type }` in C; there is no restype, so ctypes takes it for an int
fault-argument-count = C takes { $real } arguments, declared are { $declared }
fault-constant = { $subject } is `{ $real }`, where C may write; declared is `{ $declared }`, which nobody may change
fault-kind = { $subject } is `{ $real }` in C, declared is `{ $declared }`
fault-cut = { $subject } is an address of { $bytes } bytes in C (`{ $real }`), declared are { $width } (`{ $declared }`), so it is cut
fault-record-size = { $subject } has { $bytes } bytes in C (`{ $real }`), declared are { $declared }
fault-width = { $subject } has { $size } in C (`{ $real }`), declared are { $bytes } (`{ $declared }`)
fault-sign = { $signed ->
    [yes] { $subject } has a sign in C (`{ $real }`), declared is one without (`{ $declared }`)
   *[no] { $subject } has no sign in C (`{ $real }`), declared is one with (`{ $declared }`)
}

## Errors

error = error
error-fault = fault of the checker
error-fault-next = next: please report this text together with the command that you typed
error-no-workshop = no workshop here: neither { $folder } nor a folder above it holds `lessons/`
error-no-workshop-next = change to the folder of the workshop, or set CHECKER_ROOT to it
error-wrong-root = CHECKER_ROOT is { $folder }, which holds no folder `lessons`
error-wrong-root-next = set CHECKER_ROOT to the folder that holds `lessons`, or unset it
error-no-lesson = no lesson is called `{ $asked }`
error-near-lesson-next = did you mean `{ $id }`? `checker list` shows all lessons
error-no-lesson-next = `checker list` shows all lessons
error-no-exercise = { $lesson } has no exercise `{ $asked }`
error-no-exercise-next = its exercises are: { $known }
error-no-wrong-answer = { $lesson } has no wrong answer `{ $asked }`
error-no-wrong-answer-next = its wrong answers are: { $known }
error-no-wrong-answers-next = leave --wrong out; this lesson has none
error-all-done = every lesson is done, so none is meant when none is named
error-all-done-next = name one, for example `checker run 7.3`; `checker list` shows all
error-no-suite = no suite is called `{ $asked }`
error-no-suite-next = the suites are: { $known }
error-nothing-to-measure = { $lesson } names no call to measure
error-nothing-to-measure-next = measure lesson-7.5, or add a `[[bench]]` to the lesson's lesson.toml
error-no-function = no variant of { $lesson } calls a C function `{ $asked }`
error-no-function-next = the functions that are called: { $known }
error-manifest-next = correct the file as docs/lesson-format.md describes it
error-set-up = cannot set up the virtual environment { $folder }: { $cause }
error-own-build =
    cannot build { $what }
    { $output }
error-cache = cannot write to the cache folder { $folder }: { $cause }
error-cache-full-next = free some space, or set CHECKER_CACHE to a folder on another disk
error-cache-next = set CHECKER_CACHE to a folder that you can write to
error-broken-pipe = the reader of the output has gone
error-restore-folder = restore the folder with `git checkout`
error-restore-file = restore the file with `git checkout`
error-restore-it = restore it with `git checkout`
error-restore-path = restore the file: `git checkout -- { $path }`
error-correct-or-restore = correct the file, or start again with `{ $command }`
error-file-missing = the file is missing
error-solution-missing = the file is missing, and its starter is derived from it
error-file-empty = the file is empty
error-link-nowhere = the symbolic link leads nowhere ({ $why })
error-link-outside = it is a symbolic link that leads out of the lesson, to { $target }
error-is-folder = it is a folder, and a file is needed
error-is-device = it is neither a file nor a folder, but a device or a pipe
error-too-large = it has { $bytes } bytes; { $most } are read at most
error-line-not-utf8 = line { $line } is not UTF-8 (byte { $byte }); save the .{ $extension } file as UTF-8
error-not-utf8 = it is not UTF-8
error-quiz-next = correct the file: each line is `question = "choice"`
error-readable-folder = make the folder readable
error-writable-or-restore = make it readable and writable for you, or restore it with `git checkout`
error-state-held = another checker holds it and does not let go
error-state-held-next = end the other checker (it may be stopped: type `fg` in its terminal), then try again
error-state-next = make the folder writable for you, or set CHECKER_STATE to one that is
error-report-next = please report this
error-python-chosen = the Python chosen with { $origin }, { $name }, cannot be used
error-python-chosen-next = correct { $origin }, or leave it out to use `python3` from PATH
error-no-python = no Python can be used
error-python-next = install CPython 3.9 or later (on Debian and Ubuntu `sudo apt install python3 python3-dev python3-venv`), or name one with --python PATH
error-not-on-path = no program `{ $name }` is on PATH
error-no-program = there is no such program
error-not-cpython = { $python } is { $implementation }, and the C API of the lessons is CPython's
error-python-old = { $python } is Python { $version }, too old by now
error-headers-next = install the headers of this Python (on Debian and Ubuntu `sudo apt install python3-dev`, on Fedora `sudo dnf install python3-devel`), or name another Python with --python PATH; { $header } was looked for
error-no-headers = { $python } has no headers
error-no-file = there is no { $file }
error-no-ensurepip = { $python } has no module `ensurepip`
error-no-ensurepip-next = install it (on Debian and Ubuntu `sudo apt install python3-venv`), or install uv
error-venv-failed = `python -m venv` failed: { $output }
error-venv-next = see the message above; on Debian and Ubuntu `sudo apt install python3-venv` is often what is missing
error-disk-full = the disk is full
error-disk-full-next = free some space and type the same command again
error-certificate = the certificate of the package index is not trusted
error-certificate-next = if your network has a certificate authority of its own, name its file with PIP_CERT and SSL_CERT_FILE
error-other-package = a package is not the one that the lock file pins
error-other-package-next = do not install it: ask whoever runs your package index
error-no-network = no network, and the packages are not here yet ({ $output })
error-no-network-next = connect once and type the same command again, or point PIP_FIND_LINKS at a folder of wheels; afterwards no network is needed
error-pip-failed = pip failed: { $output }
error-pip-failed-next = correct what pip names and type the same command again
error-compiler-named = the C compiler that CC names, `{ $command }`
error-compiler-named-next = correct CC, or unset it to use `cc` from PATH
error-no-compiler = no C compiler
error-compiler-next = install a C compiler (on Debian and Ubuntu `sudo apt install gcc libc6-dev make`), or name one with CC
error-the-engines = the engines
error-engines-unbuilt = the engines cannot be built: { $why }
error-engines-full-next = free some space and type the same command again, or set CHECKER_CACHE to a folder on another disk
error-engines-next = libffi needs `make` and a C compiler (`sudo apt install build-essential`); `checker doctor` tries them
error-disk-full-build = no space left on the disk
error-disk-full-build-next = free some space, or set CHECKER_CACHE and TMPDIR to folders on another disk
error-the-library = { $file }, the lesson's C library
error-library-next = if the message names a missing header or `crti.o`, install the C library's headers (`sudo apt install libc6-dev`); if it names a file of clib/, restore it with `git checkout`; `checker doctor` tries the compiler
error-cargo-next = install a Rust toolchain with rustup
error-cache-folder = the cache folder { $folder }
error-cache-space = its path holds a space, and libffi's makefiles cannot build there
error-cache-space-next = set CHECKER_CACHE to a folder whose path has no space, or move the workshop
error-the-crate = the Rust crate of { $lesson }
error-crate-next = `checker doctor` tries the tools; `make` and a C compiler are needed to build libffi
error-offline = the Rust crates that the lessons need are not here yet and cannot be downloaded ({ $said })
error-offline-next = connect once and type the same command again; afterwards no network is needed
error-svg-next = name a file that can be written with --svg
state-broken = warning: { $file } cannot be understood: { $problem }
state-kept = nothing is lost: it is kept as { $file }, and a new one is begun
state-newer = it has version { $version }, and this checker knows { $known }
state-newer-next = next: use the newer checker, and put the file back under its old name
state-broken-next = next: correct it and put it back under its old name, or go on: passes are noted again when you run a lesson

## What keeps `inspect` and `trace` from their work

inspect-no-debug-info = no debug information
inspect-no-debug-info-next = compile and link with -g, and do not strip the file: structs and signatures are shown then
inspect-debug-info-elsewhere = its debug information lies in other files
inspect-debug-info-elsewhere-next = name the file that holds it (.o, .dwo, .dSYM/Contents/Resources/DWARF/NAME), or build without -gsplit-dwarf; .pdb files are not read
inspect-debug-info-broken = its debug information cannot be read: { $why }
inspect-debug-info-broken-next = build the file again with -g
inspect-no-file-next = name a file that exists, or a lesson: `checker list` shows all lessons
inspect-unreadable = cannot read the file: { $why }
inspect-device = not a regular file
inspect-archive = a static archive of object files, not a shared library
inspect-text = a text file
inspect-unreadable-next = make the file readable for yourself
inspect-folder-next = name a file in this folder, for example a shared library (.so)
inspect-device-next = copy what it holds to a file, and name that
inspect-too-large-next = remove what is not needed from a copy: `strip --strip-debug COPY` keeps the symbols
inspect-empty-next = build the file again; the disk may have been full
inspect-archive-next = take an object file out with `ar x`, or name the shared library (.so) that is made of it
inspect-text-next = name what a compiler made: a shared library (.so), an extension module or an object file (.o)
inspect-unknown-next = build the file again: it is cut off or damaged, or of a kind that is not known here (ELF, Mach-O and PE are)
inspect-no-record = no struct or union is called `{ $name }` in its debug information
inspect-opaque-record = `{ $name }` is opaque: its fields are nowhere in the debug information
inspect-no-record-next = `checker inspect FILE` shows those that functions take; compilers leave out what is never used
inspect-options-of-lessons = --solution, --bridge and --backend are for lessons, and this is none
inspect-options-of-lessons-next = leave them out, or name a lesson: `checker list` shows all lessons
inspect-no-bridge = neither Python (.py) nor Rust (.rs)
inspect-no-bridge-next = name a bridge through ctypes or CFFI, or the lib.rs of an extension module; what an extension module in C declares, its compiler has held against the header
inspect-name-bridge-next = name the file of a bridge, .py or .rs
inspect-options-of-files = --against and --struct are for files, and this is a lesson
inspect-options-of-files-next = leave them out: a lesson's own bridges are compared with its C library
trace-machine = it walks stacks on Linux with x86-64 or AArch64, and this is { $system } with { $processor }
trace-machine-next = use it on such a machine; `checker bench` and `checker inspect` work here
trace-walker = the module that walks stacks
trace-walker-next = `checker doctor` tries the compiler and Python's headers

## `doctor`

doctor-fine = ok
doctor-problem = problem
doctor-workshop = workshop
doctor-headers = Python headers
doctor-environment = environment
doctor-pythons = all Pythons
doctor-compiler = C compiler
doctor-library = C library
doctor-cache = cache folder
doctor-supervisor = supervisor
doctor-isolation = isolation
doctor-no-header = there is no Python.h in { $folder }
doctor-no-environment = not made yet; `checker setup` and `checker run` make it
doctor-no-ensurepip = not made yet, and this Python has no module `ensurepip` to make it with
doctor-makes-library = makes a shared library
doctor-makes-no-library = it cannot make a shared library: { $output }
doctor-makes-no-library-next = install the C library's headers (on Debian and Ubuntu `sudo apt install libc6-dev`)
doctor-untried = it cannot be tried: { $why }
doctor-untried-next = see the cache folder below
doctor-why-make = libffi, which the engines and the Rust lessons use, is built with it
doctor-not-on-path = no program `{ $name }` is on PATH; { $why }
doctor-not-on-path-next = install it (on Debian and Ubuntu `sudo apt install { $package }`)
doctor-supervised = own session, resource limits, capped output; a process left behind was found and ended
doctor-trial-failed = a trial failed: { $why }
doctor-report-next = please report this text
doctor-isolation-full = namespaces, a file tree of its own, refused system calls
doctor-isolation-landlock = rules for files and sockets, refused system calls
doctor-isolation-none = limits only; a bridge can do what you can
doctor-no-landlock = no Landlock
doctor-not-layer = not { $layer }: { $cause }
doctor-limits = Limits of a run, where a lesson names no others: { $seconds } s wall time, { $memory } MiB memory, { $output } KiB output, { $processes } processes.
doctor-trial-ended = a trial ended with { $ending } and { $count } processes left behind
