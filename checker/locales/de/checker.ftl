# Was Teilnehmende lesen. Begriffe: bridge Brücke, lesson Lektion, exercise Übung, hint Hinweis, solution Lösung,
# scenario Szenario, variant Variante, points Punkte. Namen von Urteilen, Brücken und Backends bleiben, wie sie sind.

## Der Kurs: `checker`, `next`, `progress`

course-subtitle = wie Python C aufruft
course-counts = { $done } von { $all } Übungen erledigt, { $earned } von { $possible } Punkten
course-empty = Es gibt noch keine Lektion.
course-done = Alles ist erledigt.
course-done-next = weiter: `checker progress` zeigt, was du getan hast, `checker list` alle Lektionen
course-same = `checker` und `cargo run --` sind dasselbe; `cargo install --path checker` bringt das kürzere auf deinen PATH.
course-help = `checker --help` zeigt alle Befehle.
course-no-other = Es gibt keine andere offene Lektion.
course-no-other-next = weiter: `checker progress` zeigt, was du getan hast
place-here = Du bist bei { $lesson }, { $minutes } Minuten.
place-read = lies
place-edit = ändere
place-all-done = Hier ist alles erledigt.
place-all-done-next = weiter: `checker next` geht zur nächsten Lektion
place-last-run = letzter Lauf: { $variant } { $verdict }
place-failing-next = weiter: `checker hint` hilft genau dabei; `checker watch` prüft bei jedem Speichern
place-open-next = weiter: `checker watch` prüft bei jedem Speichern, `checker run` einmal
place-vanished = Anmerkung: { $lesson }, wo du warst, ist nicht zu finden oder nicht zu lesen; was du dort getan hast, bleibt gemerkt
task-done = getan
task-now = jetzt
task-open = offen
task-points = { $earned }/{ $possible } Punkte
task-points-minutes = { $earned }/{ $possible } Punkte, { $minutes } min
progress-module = Modul { $name }
progress-all = insgesamt
progress-row = { $done } von { $all } Übungen, { $points } von { $possible } Punkten, { $time }

## `list`

list-empty = Noch keine Lektion.
list-done = fertig
list-here = hier
list-begun = begonnen
list-numbers = { $minutes } min  { $points } Punkte
list-nothing = Keine Lektion enthält `{ $words }`.
list-nothing-next = weiter: `checker list` zeigt alle Lektionen
list-count = { $found } von { $all } Lektionen
list-search = Suche
list-search-nothing = nichts enthält alle diese Wörter
list-keys = j k bewegen  / suchen  Enter dorthin  q Ende
list-keys-search = Pfeile bewegen  Enter dorthin  Esc alle Lektionen  Strg-C Ende

## `hint`, `solution`, `diff`, `reset`

hint-last-run = dein letzter Lauf, { $variant } { $verdict }: { $title }
hint-exercise = die Übung:
hint-others = Andere offene Übungen: { $ids }. { $command } sagt etwas zu einer.
hint-more = Mehr: { $command }
hint-solution = Die Lösung: { $command }
hint-forgotten = Warnung: Dieser Hinweis wird nicht gemerkt: { $problem }
solution-withheld = Noch nicht bestanden: { $exercises }. Ein Hinweis lässt dir mehr zu entdecken.
solution-withheld-next = weiter: `{ $hint }`, oder noch einmal derselbe Befehl: `{ $again }` zeigt sie dann
diff-same = { $file } ist Zeile für Zeile die Lösung.
diff-both = beide:
diff-yours = deins:
diff-solution = Lösung:
reset-nothing-to-undo = Für { $lesson } gibt es kein Zurücksetzen mehr, das rückgängig zu machen wäre.
reset-nothing = Nichts zurückzusetzen: Die Dateien von { $lesson } sind so, wie sie ausgegeben wurden.
reset-back = zurückgesetzt
reset-undone = wiederhergestellt
reset-kept = Was vorher da war, liegt in { $folder }.
reset-next = weiter: `{ $command }` stellt es wieder her

## `run`: was gefunden wurde

run-solution = (Lösung)
run-submission = (Abgabe { $name })
run-wrong = (falsche Antwort { $name })
run-passed = { $passed } von { $all } Varianten bestanden
run-points = { $earned } von { $possible } Punkten
run-cached = aus dem Cache beantwortet, nichts wurde ausgeführt
run-some-cached = { $kept } aus dem Cache beantwortet
run-note = Anmerkung: { $remark }
run-next = weiter: { $step }
run-fault-next = weiter: Das ist nicht deine Schuld und kostet keine Punkte; bitte melde es
run-says = { $who } meldet:
run-drawn = (Werte vom Checker gezogen)
run-expected = erwartet
run-observed = gefunden
run-more-questions = { $count ->
    [one] und eine weitere Frage ging schief
   *[other] und { $count } weitere Fragen gingen schief
}
run-raised = { $class } wurde ausgelöst
run-raised-message = { $class } wurde ausgelöst: { $message }
run-unfinished = keine Antwort: { $verdict }
run-not-asked = nicht gefragt
run-long-value = { $head }... ({ $type }, { $count } Zeichen insgesamt)
run-differing = { $text } ({ $type }; ... ist gleich)
run-edit = ändere { $files } und gib denselben Befehl noch einmal ein
run-edit-watched = ändere { $files } und speichere
run-or = oder
run-diagnosis = Diagnose: { $title } ({ $class })
run-at = bei { $place }
run-because = denn: { $evidence }
run-more = mehr: { $command }
run-accepted-nothing = { $file }: noch nichts angenommen
run-accepted-nothing-next = weiter: lies es und nimm es an mit `checker snapshots review`
run-accepted-changed = { $file }: die Lösung beobachtet etwas anderes als das, was angenommen wurde
run-accepted-changed-next = weiter: nimm es an oder weise es zurück mit `checker snapshots review`, oder berichtige die Lösung
run-accepted-broken-next = weiter: stelle es wieder her mit `{ $command }`
run-quiz = { $title }: { $points } von { $possible } Punkten
run-quiz-open = { $question }: noch nichts gewählt
run-quiz-wrong = { $question }: `{ $choice }` ist nicht die beste Wahl
run-not-begun = nicht begonnen
run-not-begun-more = `{ $command }` sagt auch, was dort fehlschlägt
run-done = fertig: { $exercise }, { $title } ({ $points } Punkte)
run-done-next = weiter: `checker next` geht weiter, `checker diff` vergleicht deins mit der Lösung
run-forgotten = Warnung: Dieser Lauf wird nicht gemerkt: { $problem }

## Wer etwas meldet, vor `meldet:`

speaker-build = der Bau
speaker-judge = der Prüfer
speaker-supervisor = der Aufseher
speaker-stderr = der Prozess, auf der Fehlerausgabe,
speaker-stdout = der Prozess, auf der Standardausgabe,
speaker-import = Python, beim Importieren der Brücke,
speaker-compiler = der Compiler, als Warnung,

## Urteile, über einem Fehlschlag

verdict-passed = passed (bestanden)
verdict-wrong = wrong (falsche Antwort)
verdict-not-native = not-native (C wurde nicht aufgerufen)
verdict-compile-error = compile-error (lässt sich nicht übersetzen)
verdict-import-error = import-error (lässt sich nicht importieren)
verdict-abi-mismatch = abi-mismatch (Deklaration und übersetzter Code widersprechen sich)
verdict-exception = exception (unerwartete Ausnahme)
verdict-crashed = crashed (abgestürzt)
verdict-timeout = timeout (Zeit überschritten)
verdict-memory-limit = memory-limit (Speichergrenze erreicht)
verdict-output-limit = output-limit (zu viel Ausgabe)
verdict-process-limit = process-limit (zu viele Prozesse)
verdict-early-exit = early-exit (vor der letzten Antwort beendet)
verdict-leaked-process = leaked-process (ein Prozess blieb zurück)
verdict-tampered = tampered (eine gefälschte Antwort)
verdict-missing-scenarios = missing-scenarios (Antworten fehlen)
verdict-skipped = skipped (übersprungen)
verdict-grader-fault = grader-fault (Fehler des Checkers)

## Was in jeder Lektion hilft

help-compile = Der erste Fehler zählt; spätere folgen oft aus ihm. Geh zu der Zeile, die er in deiner Datei nennt.
help-import = Die Datei wurde nicht geladen. Die letzte Zeile sagt, warum, die darüber, wo.
help-crashed = Sieh dir den letzten Aufruf davor an: Stimmt jeder deklarierte Typ mit dem Header überein, und gehört der Speicher noch jemandem?
help-timeout = Suche eine Schleife, die nie endet, oder einen Aufruf, der wartet.
help-memory = Suche eine falsch gelesene Größe, oder Speicher, der nie freigegeben wird.
help-output = Suche ein `print` in einer Schleife, und nimm es heraus.
help-process = Suche einen Prozess, der gestartet wird; keine Brücke braucht einen.
help-exit = Suche, was den Prozess beendet: `exit`, `os._exit`, oder `exit()` in C.

## Was gerade geschieht

step-venv = richte { $folder } ein
step-numpy = installiere NumPy
step-engines = baue die Engines (einmal für jedes Python; ein bis zwei Minuten)
step-building = baue { $what }
step-compiling = übersetze { $file }
step-running = führe { $variant } aus
step-solution = führe die Lösung in { $variant } aus

## `watch`

watch-two = Anmerkung: In diesem Workshop läuft noch ein `checker watch`; beide prüfen, und nichts geht verloren
watch-polling = Anmerkung: Die Dateien werden alle { $milliseconds } ms angesehen; Grund: { $reason }
watch-poll-given = --poll wurde angegeben
watch-gone = { $lesson } ist weg. Was du dort getan hast, bleibt gemerkt; sobald sie wieder da ist, wird sie wieder geprüft.
watch-gone-next = weiter: leg den Ordner zurück, oder drücke n für die nächste Lektion
watch-checking = prüfe { $lesson }
watch-checking-all = prüfe alle Lektionen
watch-hint = Hinweis
watch-list = Liste
watch-explaining = erkläre { $variant }
watch-nothing-failed = nichts ist fehlgeschlagen, das zu erklären wäre
watch-busy = die Prüfung ist noch nicht fertig; drücke die Taste danach noch einmal
watch-ended = die Prüfung wurde durch { $signal } beendet
watch-ended-next = weiter: drücke r, um noch einmal zu prüfen
watch-no-other = es gibt keine andere offene Lektion
watch-forgotten = Warnung: Was du tust, wird nicht gemerkt: { $problem }
watch-help = h Hinweis, e erkläre den Fehlschlag, n nächste Lektion, l Liste, a alle Lektionen prüfen, r noch einmal prüfen, q Ende; wo Tasten Zeilen sind, drücke Enter nach dem Buchstaben
watch-keys-long = h Hinweis  e erklären  n nächste  l Liste  a alle  r noch einmal  q Ende
watch-keys-middle = h Hinweis  e erklären  n nächste  ? Tasten  q Ende
watch-keys-short = ? Tasten  q Ende
