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
run-generated = { $count ->
    [one] und ein weiterer Fehler im C, das CFFI daraus geschrieben hat: `{ $command }` zeigt ihn
   *[other] und { $count } weitere Fehler im C, das CFFI daraus geschrieben hat: `{ $command }` zeigt sie
}
run-generated-many = und viele weitere Fehler im C, das CFFI daraus geschrieben hat: `{ $command }` zeigt sie
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
step-looking = untersuche { $variant }
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

## Wer einen Prozess beendet hat, und was dem Prüfer auffiel

judge-tampering = es kam eine Antwort, die kein Szenario sendet: { $reply }
judge-not-native = die Antworten stimmen und bleiben gleich, auch wenn die C-Bibliothek etwas anderes liefert: Sie sind nicht das, was C geliefert hat
judge-at-import = beim Importieren der Brücke: { $ended }
judge-after-answers = nach der letzten Antwort: { $ended }
judge-exited = der Prozess beendete sich selbst, mit Exit-Code { $code }
judge-signaled = der Prozess wurde von { $name } beendet: { $name ->
    [SIGSEGV] Er benutzte eine Adresse, die ihm nicht gehört; meist ist ein falscher Zeigertyp schuld, falsche argtypes, ein falscher restype oder cdef
    [SIGBUS] Er benutzte Speicher, den es nicht gibt oder der falsch ausgerichtet ist
    [SIGABRT] Er gab von sich aus auf, oft weil die C-Bibliothek ihren Heap beschädigt fand
    [SIGFPE] eine ganzzahlige Division durch null, oder ein Quotient, der nicht hineinpasst
    [SIGILL] Er führte Bytes aus, die kein Befehl sind; meist ist ein falscher Funktionszeiger schuld
    [SIGTRAP] Er traf auf eine Falle, die eine Prüfung im Code auslöst
    [SIGKILL] Jemand hat ihn abgeschossen; das System tut das, wenn der Speicher ausgeht
   *[other] niemand hier hat dieses Signal gesendet
}
judge-stopped = der Prozess wurde nach { $seconds } s angehalten: { $limit }
judge-dismissed = der Prozess wurde vom Prüfer beendet
judge-left-behind = { $count ->
    [one] ein Prozess blieb zurück und musste beendet werden
   *[other] { $count } Prozesse blieben zurück und mussten beendet werden
}
judge-said-again =
    { $said }
    { $more ->
        [one] {"["}und so bei 1 weiteren Frage]
       *[other] {"["}und so bei { $more } weiteren Fragen]
    }
limit-time = Er lief länger als erlaubt
limit-memory = Er brauchte mehr Speicher als erlaubt
limit-output = Er schrieb mehr Ausgabe als erlaubt
limit-processes = Er startete mehr Prozesse als erlaubt

about = { $name }: { $what }

## `explain`

explain-list-more = Mehr: checker explain KLASSE
explain-impossible =
    { $problem }
    weiter: { $next }
explain-unbuilt =
    es lässt sich nicht bauen:
    { $said }
explain-all-pass = jede Variante von { $lesson } besteht
explain-all-pass-next = weiter: nenne eine Variante, um sie nach Fehlern zu durchsuchen, die sich nicht zeigen, wie in `{ $command }`
explain-nothing = Kein Fehler einer bekannten Klasse wurde gefunden.
explain-nothing-next = weiter: hier sagt mehr, was erwartet und was gefunden wurde: `checker run` zeigt es, `checker hint` hilft dabei
explain-signal-row = Signal
explain-variant = Variante
explain-question = Frage
explain-call = C-Aufruf
explain-seen-by = gezeigt von
explain-section = Abschnitt
explain-what = Was es ist
explain-how-known = Woher wir es wissen
explain-next = Weiter
explain-why = Warum es geschieht
explain-done = Was getan wurde
explain-not-done = nicht getan: { $what }
explain-taught-in = Gelehrt in Abschnitt { $section }, { $topic }.
explain-class-next = Weiter: { $step }
explain-by-run = dem Lauf selbst
explain-by-declarations = den Deklarationen neben dem Header
explain-by-sanitizer = einem zweiten Lauf mit Sanitizern
explain-by-debugger = einem Debugger
explain-ended-by = { $name }: { $name ->
    [SIGSEGV] Es wurde Speicher angefasst, der dem Prozess nicht gehört
    [SIGBUS] Es wurde Speicher angefasst, den es nicht gibt
    [SIGABRT] Der Prozess gab von sich aus auf
    [SIGFPE] eine ganzzahlige Division ohne Ergebnis
    [SIGILL] Es wurden Bytes ausgeführt, die kein Befehl sind
    [SIGTRAP] Eine Prüfung schlug fehl, die der Compiler eingebaut hat
   *[other] Der Prozess wurde beendet
}
explain-signal = { $how ->
    [write] { $meaning }; Schreibzugriff auf { $address }
    [jump] { $meaning }; Sprung an { $address }
   *[read] { $meaning }; Lesezugriff auf { $address }
}
explain-address = Adresse { $address }
explain-address-null = Adresse 0, NULL
explain-address-low = Adresse { $address }, { $above } Bytes über NULL
explain-address-impossible = eine Adresse, die kein Programm haben kann
explain-run-ordinary = der gewöhnliche Lauf
explain-run-second = der zweite Lauf, mit AddressSanitizer und UndefinedBehaviorSanitizer,
explain-leaks-unchecked = nach Speicher, der am Ende übrig ist, konnte nicht gesucht werden, weil LeakSanitizer selbst aufgab: { $why }
explain-run-leaks = der Lauf, der zählt, was am Ende übrig ist,
explain-run-valgrind = der Lauf mit valgrind
explain-run-raised = { $run } löste { $class } aus ({ $seconds } s)
explain-run-in-order = { $run } endete ordentlich ({ $seconds } s)
explain-run-exit = { $run } endete mit Exit-Code { $code } ({ $seconds } s)
explain-run-signal = { $run } wurde von { $signal } beendet ({ $seconds } s)
explain-run-timeout = { $run } wurde nach { $seconds } s angehalten
explain-run-limit = { $run } wurde an einer Grenze angehalten ({ $seconds } s)
explain-gdb-stopped = der Lauf mit gdb wurde von { $signal } angehalten
explain-gdb-ended = der Lauf mit gdb wurde von { $signal } beendet
explain-gdb-in-order = der Lauf mit gdb endete ordentlich
explain-gdb-exit = der Lauf mit gdb endete mit Exit-Code { $code }
explain-gdb-silent = der Lauf mit gdb sagte nicht, wie das Programm endete
explain-said-ordinary = Fehlerausgabe des gewöhnlichen Laufs
explain-said-second = Fehlerausgabe des Laufs mit Sanitizern
explain-said-leaks = Fehlerausgabe des Laufs, der zählt, was übrig ist
explain-said-tool = Ausgabe von { $tool }
explain-done-before = all das wurde schon einmal getan, mit denselben Dateien
explain-extension-unbuilt =
    die Erweiterung lässt sich nicht mit Sanitizern bauen:
    { $why }
explain-library-unbuilt = die C-Bibliothek lässt sich nicht mit Sanitizern bauen: { $why }
explain-tool-missing = { $tool } ist nicht installiert; `sudo apt install { $tool }` hilft, oder was dein System dafür hat
explain-sanitizer-missing = AddressSanitizer ist nicht installiert ({ $file }); installiere ihn mit `sudo apt install libgcc-$(gcc -dumpversion | cut -d. -f1)-dev` auf Debian und Ubuntu, mit `sudo dnf install libasan libubsan` auf Fedora
explain-linux-only = den Lauf mit Sanitizern gibt es nur für Linux

## Woraus auf eine Diagnose geschlossen wurde

found-guard-value = der Wächterwert hinter einem lokalen Array wurde überschrieben
found-foreign-block = Pythons Allokator bekam einen Block, den ein anderer Allokator angelegt hat
found-by-engine = die Engine, die für ctypes oder CFFI einspringt, bemerkte den Aufruf und beendete den Prozess
found-overwritten-behind = Pythons Allokator fand die Bytes hinter einem Block überschrieben
found-overwritten-before = Pythons Allokator fand die Bytes vor einem Block überschrieben
found-allocator-without-gil = Pythons Allokator wurde von einem Thread aufgerufen, der das GIL nicht hält
found-call-without-gil = Python bemerkte den Aufruf eines Threads, der das GIL nicht hält
found-call-without-state = Python bemerkte den Aufruf eines Threads, der keinen Thread-Zustand hat
found-none-died = der Referenzzähler von None erreichte null
found-count-below-zero = ein Referenzzähler fiel unter null
found-rust-ended = Rust beendete den Prozess: Eine Panic darf eine `extern "C"`-Funktion nicht verlassen
found-free-already = der C-Bibliothek fiel auf, dass ein Block freigegeben wurde, der schon frei war
found-never-given = die C-Bibliothek sollte eine Adresse freigeben, die sie nie vergeben hat
found-notes-overwritten = die C-Bibliothek fand ihre eigenen Notizen zwischen den Blöcken überschrieben
found-null-alone = eine C-Funktion lieferte NULL, was einen Fehlschlag bedeutet, und hatte keine Ausnahme gesetzt
found-value-and-exception = eine C-Funktion lieferte einen Wert, was Erfolg bedeutet, und hatte eine Ausnahme gesetzt
found-buffer-held = ein Objekt sollte seine Größe ändern, während jemand noch seinen Puffer hielt
found-cffi-compared = CFFI verglich die deklarierte Struktur mit dem, was der Compiler gemessen hat
found-other-machine = der Lader wies die Bibliothek ab: Sie ist für eine andere Maschine
found-no-library = der Lader wies die Datei ab: Sie ist keine Bibliothek dieser Maschine
found-too-deep = Python zählte mehr geschachtelte Aufrufe, als es erlaubt
found-assertion = assert stellte fest, dass `{ $condition }` nicht gilt
found-panic = Panic in Rust: { $message }
found-panic-exception = die Ausnahme ist PanicException: { $message }
found-unmarked-block = Pythons Allokator bekam einen Block ohne seine Markierungen: Ein anderer Allokator hat ihn angelegt
found-argument-error = ctypes konnte ein Argument nicht umwandeln: { $message }
found-no-symbol = die Bibliothek hat kein Symbol `{ $name }`
found-mangled = sie hat `{ $mangled }`; so schreibt C++ `{ $name }` zusammen mit den Typen der Parameter
found-undefined = UndefinedBehaviorSanitizer meldet: { $what }
found-sanitizer = AddressSanitizer meldet { $kind }
found-fpe = nur eine ganzzahlige Division führt zu SIGFPE
found-abort = der Prozess schickte sich selbst SIGABRT
found-only-signal = { $name }, und kein Werkzeug sagt mehr
found-rhythm = { $how ->
    [computed] er rechnete: { $cpu } s Prozessorzeit in { $wall } s
   *[waited] er wartete: { $cpu } s Prozessorzeit in { $wall } s
}
found-waiting-in = seine innersten C-Frames warten in `{ $function }`
found-gil-free = das GIL war frei: In einem zweiten Lauf lief ein anderer Python-Thread weiter
found-gil-held = das GIL wurde gehalten: In einem zweiten Lauf konnte kein anderer Python-Thread weiterlaufen
found-valgrind-unwritten = valgrind sah eine Entscheidung, die von nie beschriebenem Speicher abhängt
found-valgrind-write = valgrind sah einen Schreibzugriff außerhalb aller Blöcke
found-valgrind-read = valgrind sah einen Lesezugriff außerhalb aller Blöcke
found-filled = { $memory ->
    [freed] wird freigegebener Speicher gefüllt, dann ist die Antwort { $answer }, gemacht aus dem Byte, mit dem er gefüllt wurde
   *[fresh] wird frischer Speicher gefüllt, dann ist die Antwort { $answer }, gemacht aus dem Byte, mit dem er gefüllt wurde
}
found-leak = { $blocks ->
    [one] ein Block mit { $bytes } Bytes blieb übrig, und nichts zeigt auf ihn
   *[other] { $bytes } Bytes in { $blocks } Blöcken blieben übrig, und nichts zeigt auf sie
}
found-open = { $count ->
    [one] ein Deskriptor ist am Ende offen, der es am Anfang nicht war: { $which }
   *[other] { $count } Deskriptoren sind am Ende offen, die es am Anfang nicht waren: { $which }
}
found-openers = Deskriptoren kommen aus { $places }
found-no-use-errno = die Brücke liest errno mit get_errno und öffnet die Bibliothek ohne use_errno=True
found-short-address = Adresse { $address } passt in 32 Bits; Adressen sind hier länger
found-widened-address = Adresse { $address } ist { $number }, ein negativer int von 32 Bits, der auf 64 Bits verbreitert wurde
found-wild-jump = der Prozessor wurde an Adresse { $address } geschickt, wo kein Code ist
found-closes-library = die Brücke schließt die Bibliothek
found-makes-callbacks = die Brücke erzeugt Callbacks
found-callback-entry = der Absturz kam im Eingangscode eines Callbacks, bevor Python lief
found-thread-of-c = der Thread ist einer, den C gestartet hat
found-loader-without-gil = die Brücke ruft sie über einen Lader auf, der vorher das GIL freigibt
found-in-python = der Absturz kam in `{ $name }`, einer Funktion von Python
found-after-extension = der Absturz kam in Pythons eigenem Code, nachdem die Erweiterung zurückgekehrt war
found-null = Adresse { $address } ist NULL, oder das Feld einer Struktur bei NULL
found-address-of-fresh = die Adresse besteht aus dem Byte, mit dem der zweite Lauf nie beschriebenen Speicher füllt
found-address-of-freed = Adresse { $address } besteht aus dem Byte, mit dem freigegebener Speicher gefüllt wird
found-register-of-freed = ein Register enthält { $register }: das Byte, mit dem freigegebener Speicher gefüllt wird
found-read-only = der Speicher ist da und darf gelesen, aber nicht beschrieben werden
found-nothing-there = an dieser Adresse hat der Prozess nichts
found-two-allocators = der Block wurde von einem Allokator angelegt und von einem anderen freigegeben
found-local-returned = die Adresse gehört einer lokalen Variablen, deren Funktion schon zurückgekehrt ist
found-division = der Prozessor verweigerte eine ganzzahlige Division
found-called-abort = der C-Code rief abort() auf
found-wrote = { $bytes ->
    [0] der Code schrieb in den Speicher
    [one] der Code schrieb 1 Byte
   *[other] der Code schrieb { $bytes } Bytes
}
found-read = { $bytes ->
    [0] der Code las den Speicher
    [one] der Code las 1 Byte
   *[other] der Code las { $bytes } Bytes
}
found-region = { $side ->
    [before] { $bytes } Bytes vor einem Block von { $size } Bytes
    [inside] { $bytes } Bytes innerhalb eines Blocks von { $size } Bytes
   *[after] { $bytes } Bytes hinter einem Block von { $size } Bytes
}
found-touched-at = { $touched }: { $region }
found-freed-by-python = { $touched }, und Python hatte ihn freigegeben, mit dem Objekt, dem er gehörte
found-freed-before = { $touched }, und er war schon freigegeben
found-local-array = { $touched }; es ist ein lokales Array
found-history = { $what ->
    [crashed] der Absturz kam in { $place }
    [freed] freigegeben wurde er in { $place }
    [freed-first] zuerst freigegeben wurde er in { $place }
   *[allocated] angefordert wurde er in { $place }
}
found-nameless = einer Funktion ohne Namen
found-called-by = { $function }, aufgerufen von { $caller }
found-freed-twice = ein Block wurde freigegeben, der schon freigegeben war
found-freed-of-python = free() bekam Speicher, den Pythons Allokator angelegt hat
found-freed-nothing = free() bekam eine Adresse, die kein Allokator vergeben hat
found-freed-inside = free() bekam eine Adresse { $region }
found-reads-to-nul = { $function } liest, bis ein NUL kommt
found-stack-alternates = der C-Stack ist voll, und in seinen Frames wechseln C und Python einander ab
found-stack-repeats = der C-Stack ist voll, und seine innersten Frames gehören alle zu `{ $function }`

## Wie eine Deklaration C widerspricht: `explain`, `inspect`

fault-size = C braucht { $real } Bytes, die Deklaration sagt { $declared }
fault-union = in C ist es eine Union, deklariert ist eine Struktur
fault-no-union = in C ist es eine Struktur, deklariert ist eine Union
fault-packed = C packt diese Struktur, zwischen ihren Feldern liegt also keine Lücke; die Deklaration sagt das nicht: `_pack_ = 1`, `packed=True`, `#[repr(C, packed)]`
fault-not-packed = die Deklaration packt diese Struktur; C lässt Lücken zwischen ihren Feldern
fault-declared-padding = an Offset { $offset } hat C `{ $name }`, die Deklaration lässt eine Lücke
fault-real-padding = an Offset { $offset } lässt C eine Lücke, deklariert ist `{ $name }`
fault-other-field = an Offset { $offset } hat C `{ $name }`, deklariert ist `{ $declared }`
fault-field-missing = an Offset { $offset } hat C `{ $name }`, in der Deklaration beginnt dort nichts
fault-field-extra = an Offset { $offset } hat die Deklaration `{ $name }`, in C beginnt dort nichts
fault-field-size = `{ $name }` hat in C { $real }, deklariert sind { $declared }
fault-bytes = { $count ->
    [one] 1 Byte
   *[other] { $count } Bytes
}
fault-bits = { $count ->
    [one] 1 Bit
   *[other] { $count } Bits
}
fault-note-arguments = ihre Argumente sind nicht deklariert: Jedes wird so übergeben, wie der Python-Wert eben ist
fault-result = das Ergebnis
fault-argument = Argument { $number }
fault-argument-named = Argument { $number } ({ $name })
fault-no-restype = das Ergebnis ist in C `{ $type }`; es gibt keinen restype, also hält ctypes es für einen int
fault-argument-count = C nimmt { $real ->
    [one] ein Argument
   *[other] { $real } Argumente
}, deklariert sind { $declared }
fault-constant = { $subject } ist `{ $real }`, wohin C schreiben darf; deklariert ist `{ $declared }`, das niemand ändern darf
fault-kind = { $subject } ist in C `{ $real }`, deklariert ist `{ $declared }`
fault-cut = { $subject } ist in C eine Adresse von { $bytes } Bytes (`{ $real }`), deklariert sind { $width } (`{ $declared }`), sie wird also abgeschnitten
fault-record-size = { $subject } hat in C { $bytes } Bytes (`{ $real }`), deklariert sind { $declared }
fault-width = { $subject } hat in C { $size } (`{ $real }`), deklariert sind { $bytes } (`{ $declared }`)
fault-sign = { $signed ->
    [yes] { $subject } hat in C ein Vorzeichen (`{ $real }`), deklariert ist keines (`{ $declared }`)
   *[no] { $subject } hat in C kein Vorzeichen (`{ $real }`), deklariert ist eines (`{ $declared }`)
}

## Fehler

error = Fehler
error-fault = Fehler des Checkers
error-fault-next = weiter: bitte melde diesen Text zusammen mit dem Befehl, den du eingegeben hast
error-no-workshop = hier ist kein Workshop: Weder { $folder } noch ein Ordner darüber enthält `lessons/`
error-no-workshop-next = wechsle in den Ordner des Workshops, oder setze CHECKER_ROOT auf ihn
error-wrong-root = CHECKER_ROOT ist { $folder }, und darin ist kein Ordner `lessons`
error-wrong-root-next = setze CHECKER_ROOT auf den Ordner, der `lessons` enthält, oder lösche die Variable
error-no-lesson = keine Lektion heißt `{ $asked }`
error-near-lesson-next = meintest du `{ $id }`? `checker list` zeigt alle Lektionen
error-no-lesson-next = `checker list` zeigt alle Lektionen
error-no-exercise = { $lesson } hat keine Übung `{ $asked }`
error-no-exercise-next = ihre Übungen sind: { $known }
error-no-wrong-answer = { $lesson } hat keine falsche Antwort `{ $asked }`
error-no-wrong-answer-next = ihre falschen Antworten sind: { $known }
error-no-wrong-answers-next = lass --wrong weg; diese Lektion hat keine
error-all-done = alle Lektionen sind erledigt; ohne Namen ist also keine gemeint
error-all-done-next = nenne eine, zum Beispiel `checker run 7.3`; `checker list` zeigt alle
error-no-suite = keine Suite heißt `{ $asked }`
error-no-suite-next = die Suiten sind: { $known }
error-nothing-to-measure = { $lesson } nennt keinen Aufruf, der zu messen wäre
error-nothing-to-measure-next = miss lesson-7.5, oder füge der lesson.toml der Lektion ein `[[bench]]` hinzu
error-no-function = keine Variante von { $lesson } ruft eine C-Funktion `{ $asked }` auf
error-no-function-next = aufgerufen werden diese Funktionen: { $known }
error-manifest-next = berichtige die Datei, wie docs/lesson-format.md sie beschreibt
error-set-up = die virtuelle Umgebung { $folder } lässt sich nicht einrichten: { $cause }
error-own-build =
    { $what } lässt sich nicht bauen
    { $output }
error-cache = in den Cache-Ordner { $folder } kann nicht geschrieben werden: { $cause }
error-cache-full-next = schaffe Platz, oder setze CHECKER_CACHE auf einen Ordner auf einem anderen Datenträger
error-cache-next = setze CHECKER_CACHE auf einen Ordner, in den du schreiben darfst
error-broken-pipe = niemand liest die Ausgabe mehr
error-restore-folder = stelle den Ordner mit `git checkout` wieder her
error-restore-file = stelle die Datei mit `git checkout` wieder her
error-restore-it = stelle sie mit `git checkout` wieder her
error-restore-path = stelle die Datei wieder her: `git checkout -- { $path }`
error-correct-or-restore = berichtige die Datei, oder beginne neu mit `{ $command }`
error-file-missing = die Datei fehlt
error-solution-missing = die Datei fehlt, und aus ihr entsteht die Vorlage der Übung
error-file-empty = die Datei ist leer
error-link-nowhere = der symbolische Link führt nirgendwohin ({ $why })
error-link-outside = sie ist ein symbolischer Link, der aus der Lektion hinausführt, nach { $target }
error-is-folder = das ist ein Ordner, und gebraucht wird eine Datei
error-is-device = das ist weder Datei noch Ordner, sondern ein Gerät oder eine Pipe
error-too-large = sie hat { $bytes } Bytes; gelesen werden höchstens { $most }
error-line-not-utf8 = Zeile { $line } ist kein UTF-8 (Byte { $byte }); speichere die .{ $extension }-Datei als UTF-8
error-not-utf8 = sie ist kein UTF-8
error-quiz-next = berichtige die Datei: Jede Zeile lautet `question = "choice"`
error-readable-folder = mach den Ordner lesbar
error-writable-or-restore = mach sie für dich les- und schreibbar, oder stelle sie mit `git checkout` wieder her
error-state-held = ein anderer Checker hält sie und lässt nicht los
error-state-held-next = beende den anderen Checker (vielleicht ist er angehalten: gib `fg` in seinem Terminal ein), und versuche es dann noch einmal
error-state-next = mach den Ordner für dich schreibbar, oder setze CHECKER_STATE auf einen, der es ist
error-report-next = bitte melde das
error-python-chosen = das mit { $origin } gewählte Python, { $name }, ist nicht zu gebrauchen
error-python-chosen-next = berichtige { $origin }, oder lass es weg, um `python3` aus PATH zu nehmen
error-no-python = kein Python ist zu gebrauchen
error-python-next = installiere CPython 3.9 oder neuer (auf Debian und Ubuntu `sudo apt install python3 python3-dev python3-venv`), oder nenne eines mit --python PFAD
error-not-on-path = auf PATH gibt es kein Programm `{ $name }`
error-no-program = ein solches Programm gibt es nicht
error-not-cpython = { $python } ist { $implementation }, und die C-API der Lektionen ist die von CPython
error-python-old = { $python } ist Python { $version }, inzwischen zu alt
error-headers-next = installiere die Header dieses Pythons (auf Debian und Ubuntu `sudo apt install python3-dev`, auf Fedora `sudo dnf install python3-devel`), oder nenne ein anderes Python mit --python PFAD; gesucht wurde { $header }
error-no-headers = { $python } hat keine Header
error-no-file = es gibt kein { $file }
error-no-ensurepip = { $python } hat kein Modul `ensurepip`
error-no-ensurepip-next = installiere es (auf Debian und Ubuntu `sudo apt install python3-venv`), oder installiere uv
error-venv-failed = `python -m venv` schlug fehl: { $output }
error-venv-next = sieh dir die Meldung darüber an; auf Debian und Ubuntu fehlt oft `sudo apt install python3-venv`
error-disk-full = der Datenträger ist voll
error-disk-full-next = schaffe Platz und gib denselben Befehl noch einmal ein
error-certificate = dem Zertifikat des Paketindex wird nicht vertraut
error-certificate-next = hat dein Netz eine eigene Zertifizierungsstelle, dann nenne deren Datei mit PIP_CERT und SSL_CERT_FILE
error-other-package = ein Paket ist nicht das, was die Lock-Datei festlegt
error-other-package-next = installiere es nicht: frag, wer deinen Paketindex betreibt
error-no-network = kein Netz, und die Pakete sind noch nicht hier ({ $output })
error-no-network-next = verbinde dich einmal und gib denselben Befehl noch einmal ein, oder nenne mit PIP_FIND_LINKS einen Ordner mit Wheels; danach wird kein Netz gebraucht
error-pip-failed = pip schlug fehl: { $output }
error-pip-failed-next = berichtige, was pip nennt, und gib denselben Befehl noch einmal ein
error-compiler-named = der C-Compiler, den CC nennt, `{ $command }`
error-compiler-named-next = berichtige CC, oder lösche die Variable, um `cc` aus PATH zu nehmen
error-no-compiler = kein C-Compiler
error-compiler-next = installiere einen C-Compiler (auf Debian und Ubuntu `sudo apt install gcc libc6-dev make`), oder nenne einen mit CC
error-the-engines = die Engines
error-engines-unbuilt = die Engines lassen sich nicht bauen: { $why }
error-engines-full-next = schaffe Platz und gib denselben Befehl noch einmal ein, oder setze CHECKER_CACHE auf einen Ordner auf einem anderen Datenträger
error-engines-next = libffi braucht `make` und einen C-Compiler (`sudo apt install build-essential`); `checker doctor` probiert beide aus
error-disk-full-build = auf dem Datenträger ist kein Platz mehr
error-disk-full-build-next = schaffe Platz, oder setze CHECKER_CACHE und TMPDIR auf Ordner auf einem anderen Datenträger
error-the-library = { $file }, die C-Bibliothek der Lektion
error-library-next = nennt die Meldung einen fehlenden Header oder `crti.o`, dann installiere die Header der C-Bibliothek (`sudo apt install libc6-dev`); nennt sie eine Datei aus clib/, dann stelle sie mit `git checkout` wieder her; `checker doctor` probiert den Compiler aus
error-cargo-next = installiere eine Rust-Toolchain mit rustup
error-cache-folder = der Cache-Ordner { $folder }
error-cache-space = sein Pfad enthält ein Leerzeichen, und dort können die Makefiles von libffi nicht bauen
error-cache-space-next = setze CHECKER_CACHE auf einen Ordner, dessen Pfad kein Leerzeichen hat, oder verschiebe den Workshop
error-the-crate = das Rust-Crate von { $lesson }
error-crate-next = `checker doctor` probiert die Werkzeuge aus; um libffi zu bauen, braucht es `make` und einen C-Compiler
error-offline = die Rust-Crates, die die Lektionen brauchen, sind noch nicht hier und lassen sich nicht herunterladen ({ $said })
error-offline-next = verbinde dich einmal und gib denselben Befehl noch einmal ein; danach wird kein Netz gebraucht
error-svg-next = nenne mit --svg eine Datei, die sich schreiben lässt
state-broken = Warnung: { $file } ist nicht zu verstehen: { $problem }
state-kept = nichts ist verloren: Sie liegt nun als { $file } da, und eine neue ist begonnen
state-newer = sie hat Version { $version }, und dieser Checker kennt { $known }
state-newer-next = weiter: nimm den neueren Checker, und gib der Datei ihren alten Namen zurück
state-broken-next = weiter: berichtige sie und gib ihr den alten Namen zurück, oder mach einfach weiter: Bestandenes wird beim nächsten Lauf einer Lektion wieder notiert

## Was `inspect` und `trace` an ihrer Arbeit hindert

inspect-no-debug-info = keine Debug-Informationen
inspect-no-debug-info-next = übersetze und binde mit -g, und wende kein strip auf die Datei an: Dann werden Strukturen und Signaturen gezeigt
inspect-debug-info-elsewhere = ihre Debug-Informationen liegen in anderen Dateien
inspect-debug-info-elsewhere-next = nenne die Datei, die sie enthält (.o, .dwo, .dSYM/Contents/Resources/DWARF/NAME), oder baue ohne -gsplit-dwarf; .pdb-Dateien werden nicht gelesen
inspect-debug-info-broken = ihre Debug-Informationen lassen sich nicht lesen: { $why }
inspect-debug-info-broken-next = baue die Datei noch einmal, mit -g
inspect-no-file-next = nenne eine Datei, die es gibt, oder eine Lektion: `checker list` zeigt alle Lektionen
inspect-unreadable = die Datei lässt sich nicht lesen: { $why }
inspect-device = keine gewöhnliche Datei
inspect-archive = ein statisches Archiv aus Objektdateien, keine Bibliothek
inspect-text = eine Textdatei
inspect-unreadable-next = mach die Datei für dich lesbar
inspect-folder-next = nenne eine Datei in diesem Ordner, zum Beispiel eine Bibliothek (.so)
inspect-device-next = kopiere den Inhalt in eine Datei, und nenne diese
inspect-too-large-next = entferne aus einer Kopie, was nicht gebraucht wird: `strip --strip-debug KOPIE` lässt die Symbole stehen
inspect-empty-next = baue die Datei noch einmal; vielleicht war der Datenträger voll
inspect-archive-next = hole eine Objektdatei mit `ar x` heraus, oder nenne die Bibliothek (.so), die daraus gemacht wird
inspect-text-next = nenne, was ein Compiler gemacht hat: eine Bibliothek (.so), ein Erweiterungsmodul oder eine Objektdatei (.o)
inspect-unknown-next = baue die Datei noch einmal: Sie ist abgeschnitten oder beschädigt, oder von einer Art, die hier nicht bekannt ist (bekannt sind ELF, Mach-O und PE)
inspect-no-record = in ihren Debug-Informationen heißt keine Struktur oder Union `{ $name }`
inspect-opaque-record = `{ $name }` ist undurchsichtig: Seine Felder stehen nirgends in den Debug-Informationen
inspect-no-record-next = `checker inspect DATEI` zeigt die, die Funktionen nehmen; Compiler lassen weg, was nie benutzt wird
inspect-options-of-lessons = --solution, --bridge und --backend sind für Lektionen, und das ist keine
inspect-options-of-lessons-next = lass sie weg, oder nenne eine Lektion: `checker list` zeigt alle Lektionen
inspect-no-bridge = weder Python (.py) noch Rust (.rs)
inspect-no-bridge-next = nenne eine Brücke mit ctypes oder CFFI, oder die lib.rs eines Erweiterungsmoduls; was ein Erweiterungsmodul in C deklariert, hat sein Compiler schon mit dem Header verglichen
inspect-name-bridge-next = nenne die Datei einer Brücke, .py oder .rs
inspect-options-of-files = --against und --struct sind für Dateien, und das ist eine Lektion
inspect-options-of-files-next = lass sie weg: Die Brücken einer Lektion werden von selbst mit ihrer C-Bibliothek verglichen
trace-machine = es liest Stacks unter Linux mit x86-64 oder AArch64, und hier ist { $system } mit { $processor }
trace-machine-next = benutze es auf einer solchen Maschine; `checker bench` und `checker inspect` gehen auch hier
trace-walker = das Modul, das Stacks liest
trace-walker-next = `checker doctor` probiert den Compiler und Pythons Header aus

## `doctor`

doctor-fine = gut
doctor-problem = Problem
doctor-workshop = Workshop
doctor-headers = Python-Header
doctor-environment = Umgebung
doctor-pythons = alle Pythons
doctor-compiler = C-Compiler
doctor-library = C-Bibliothek
doctor-cache = Cache-Ordner
doctor-supervisor = Aufseher
doctor-isolation = Abschottung
doctor-no-header = in { $folder } gibt es kein Python.h
doctor-no-environment = noch nicht eingerichtet; `checker setup` und `checker run` tun es
doctor-no-ensurepip = noch nicht eingerichtet, und diesem Python fehlt dafür das Modul `ensurepip`
doctor-makes-library = macht eine Bibliothek
doctor-makes-no-library = er kann keine Bibliothek machen: { $output }
doctor-makes-no-library-next = installiere die Header der C-Bibliothek (auf Debian und Ubuntu `sudo apt install libc6-dev`)
doctor-untried = er lässt sich nicht ausprobieren: { $why }
doctor-untried-next = sieh dir den Cache-Ordner weiter unten an
doctor-why-make = libffi, das die Engines und die Rust-Lektionen benutzen, wird damit gebaut
doctor-not-on-path = auf PATH gibt es kein Programm `{ $name }`; { $why }
doctor-not-on-path-next = installiere es (auf Debian und Ubuntu `sudo apt install { $package }`)
doctor-supervised = eigene Sitzung, Grenzen für Ressourcen, begrenzte Ausgabe; ein zurückgelassener Prozess wurde gefunden und beendet
doctor-trial-failed = ein Versuch schlug fehl: { $why }
doctor-report-next = bitte melde diesen Text
doctor-isolation-full = Namensräume, ein eigener Dateibaum, verweigerte Systemaufrufe
doctor-isolation-landlock = Regeln für Dateien und Sockets, verweigerte Systemaufrufe
doctor-isolation-none = nur Grenzen; eine Brücke kann, was du kannst
doctor-no-landlock = kein Landlock
doctor-not-layer = nicht { $layer }: { $cause }
doctor-limits = Grenzen eines Laufs, wo eine Lektion keine anderen nennt: { $seconds } s Laufzeit, { $memory } MiB Speicher, { $output } KiB Ausgabe, { $processes } Prozesse.
doctor-trial-ended = ein Versuch endete mit { $ending } und { $count ->
    [one] einem zurückgelassenen Prozess
   *[other] { $count } zurückgelassenen Prozessen
}
