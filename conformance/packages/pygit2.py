"""pygit2: libgit2 partly by a module that stock cffi compiled: remotes, blame, callbacks."""

import os
import tempfile

import pygit2

WHO = pygit2.Signature("Four Bridges", "four@bridges.example", 1_600_000_000, 60)


def _repository(folder: str) -> "pygit2.Repository":
    repository = pygit2.init_repository(folder)
    parents = []
    for text in ("one\n", "one\ntwo\n", "one\n2\nthree\n"):
        with open(os.path.join(folder, "file.txt"), "w") as file:
            file.write(text)
        repository.index.add("file.txt")
        tree = repository.index.write_tree()
        parents = [repository.create_commit("HEAD", WHO, WHO, text, tree, parents)]
    return repository


def check_history() -> list:
    with tempfile.TemporaryDirectory() as folder:
        repository = _repository(folder)
        return [
            [str(commit.id) for commit in repository.walk(repository.head.target)],
            [
                (hunk.final_start_line_number, str(hunk.final_commit_id))
                for hunk in repository.blame("file.txt")
            ],
            repository.status(),
            repository.describe(describe_strategy=pygit2.enums.DescribeStrategy.ALL),
        ]


def check_configuration() -> list:
    with tempfile.TemporaryDirectory() as folder:
        config = _repository(folder).config
        config["four.bridges"] = True
        config.set_multivar("four.list", "^x", "1")
        return [
            config.get_bool("four.bridges"),
            sorted(entry.name for entry in config if entry.name.startswith("four")),
            "no.such" in config,
        ]


def check_fetching_with_callbacks() -> list:
    heard = []

    class Callbacks(pygit2.RemoteCallbacks):
        def transfer_progress(self, stats):
            heard.append((stats.total_objects, stats.indexed_objects <= stats.total_objects))

        def update_tips(self, name, old, new):
            heard.append((name, str(old), str(new)))

    with tempfile.TemporaryDirectory() as folder:
        source = _repository(os.path.join(folder, "source"))
        source.branches.local.create("side", source.get(source.head.target))
        target = pygit2.init_repository(os.path.join(folder, "target"))
        remote = target.remotes.create("origin", source.path)
        progress = remote.fetch(callbacks=Callbacks())
        return [
            progress.received_objects,
            heard[-2:],
            sorted(target.references),
            [head.name for head in remote.list_heads()],
        ]


def check_an_exception_in_a_callback() -> str:
    class Callbacks(pygit2.RemoteCallbacks):
        def update_tips(self, name, old, new):
            raise KeyError(name)

    with tempfile.TemporaryDirectory() as folder:
        source = _repository(os.path.join(folder, "source"))
        target = pygit2.init_repository(os.path.join(folder, "target"))
        try:
            target.remotes.create("origin", source.path).fetch(callbacks=Callbacks())
        except KeyError as error:
            return repr(error)
    return "nothing raised"


def check_merging() -> list:
    with tempfile.TemporaryDirectory() as folder:
        repository = _repository(folder)
        walk = list(repository.walk(repository.head.target))
        index = repository.merge_trees(walk[-1].tree, walk[0].tree, walk[1].tree)
        conflicts = index.conflicts
        return [len(index), conflicts is None, [] if conflicts is None else len(list(conflicts))]
