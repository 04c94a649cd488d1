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
