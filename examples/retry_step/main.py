"""A step that is tried again until its answer is valid: each try is an operation of its own within the step."""

import json

import newswire
from newswire import Event
from newswire.payloads import Failure

# What the model answers, one try after the other.
ANSWERS = ("I think it is 42", '{"answer":-1}', '{"answer":42}')


def check(answer: str) -> int:
    """Structure first, meaning second."""
    try:
        number = json.loads(answer)["answer"]
    except ValueError:
        raise ValueError("structural", "the answer is no JSON") from None
    if number < 0:
        raise ValueError("semantic", "the answer is negative")
    return int(number)


def log(event: Event) -> None:
    payload = event.to_dict().get("payload", {})
    attempt = f", attempt {payload['attempt']}" if "attempt" in payload else ""
    # A negative verdict is no error: the check has completed, and its verdict is a field.
    verdict = {True: ", passed", False: ", rejected"}.get(payload.get("passed"), "")
    said = payload.get("error", {}).get("message") or payload.get("explanation")
    print(f"{event.kind}{attempt}{verdict}{f': {said}' if said else ''}")


with newswire.Bus() as bus:
    bus.on("step.* or validation.completed or model.call.retried", log)
    with bus.emitter().step("extract", "What is the answer?") as step:
        within = step.emitter
        for attempt, answer in enumerate(ANSWERS, start=1):
            within.model_call("scripted-1", "scripted").complete()
            checking = within.validation("answer").begin()
            try:
                number = check(answer)
            except ValueError as problem:
                sort, why = problem.args
                checking.complete(False, validation_type=sort, explanation=why, attempt=attempt)
                if attempt == len(ANSWERS):
                    raise
                within.model_call_retried(attempt + 1, Failure(why), model="scripted-1", provider="scripted")
            else:
                checking.complete(True)
                step.complete(number, attempt=attempt)
                break
