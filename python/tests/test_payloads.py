"""Payload classes read every sample, write it again, and cost little to import."""

import json
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

from newswire import payloads
from newswire.payloads import Failure, StateChanged, ToolCallFailed, ToolCallStarted, class_of

ROOT = Path(__file__).parents[2]
SAMPLES: list[dict[str, Any]] = json.loads((ROOT / "tests/conformance/samples.json").read_text())


class Payloads(unittest.TestCase):
    def test_every_sample_is_read_as_its_class_and_written_again(self) -> None:
        self.assertGreater(len(SAMPLES), 100)
        for sample in SAMPLES:
            with self.subTest(sample["kind"]):
                payload_class = class_of(sample["kind"])
                assert payload_class is not None
                payload = payload_class.from_dict(sample["payload"])
                self.assertEqual(payload_class.KIND, sample["kind"])
                self.assertEqual(payload.to_dict(), sample["payload"])
                self.assertEqual(payload.extra, {}, "a field of the sample is unknown")
                self.assertEqual(payload, payload_class.from_dict(payload.to_dict()))

    def test_records_are_typed(self) -> None:
        failed = ToolCallFailed.from_dict({"name": "search", "error": {"message": "no", "type": "timeout"}})
        self.assertEqual(failed.error, Failure("no", type="timeout"))
        self.assertEqual(repr(failed), "ToolCallFailed(name='search', error=Failure(message='no', type='timeout'))")

    def test_unknown_fields_are_kept(self) -> None:
        fields = {"name": "search", "later": [1]}
        read = ToolCallStarted.from_dict(fields)
        self.assertEqual(read.extra, {"later": [1]})
        self.assertEqual(read.to_dict(), fields)
        self.assertNotEqual(read, ToolCallStarted("search"))

    def test_a_field_named_like_a_keyword_has_an_underscore_here_and_none_on_the_wire(self) -> None:
        moved = StateChanged(from_="a", to="b")
        self.assertEqual(moved.to_dict(), {"from": "a", "to": "b"})
        self.assertEqual(StateChanged.from_dict(moved.to_dict()), moved)

    def test_a_missing_field_and_an_unknown_name_are_errors(self) -> None:
        with self.assertRaisesRegex(TypeError, "name"):
            ToolCallStarted.from_dict({})
        with self.assertRaisesRegex(AttributeError, "NoSuchThing"):
            getattr(payloads, "NoSuchThing")
        self.assertIsNone(class_of("deploy.finished"))
        with self.assertRaises(AttributeError):
            setattr(ToolCallStarted("search"), "nmae", "typo")

    def test_importing_loads_no_family_and_no_typing(self) -> None:
        script = (
            "import sys; before = set(sys.modules); import newswire.payloads; print(*sorted(set(sys.modules) - before))"
        )
        loaded = subprocess.run(
            [sys.executable, "-S", "-c", script], cwd=ROOT / "python", capture_output=True, text=True, check=True
        )
        self.assertEqual(loaded.stdout.split(), ["__future__", "newswire", "newswire.payloads"])


if __name__ == "__main__":
    unittest.main()
