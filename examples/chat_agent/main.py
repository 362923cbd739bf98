"""A chat agent with a scripted model: turns, calls, a tool, an approval, messages; and everything that a program
around it wants to know comes from the bus alone.
"""

import newswire
from newswire import Emitter, Event, UsageMeter
from newswire.payloads import MessageCreated, ToolApprovalCompleted, Usage

# What the user says, the tool that the model wants and whether the user lets it, the answer.
SCRIPT: list[tuple[str, tuple[str, bool] | None, str]] = [
    ("Hello!", None, "Hello. What can I do for you?"),
    ("What time is it in Lisbon?", ("clock", True), "It is noon."),
    ("Delete my mails.", ("delete_mail", False), "You didn't want me to, so I left them."),
]


def show(event: Event) -> None:
    match event.payload:
        case MessageCreated() as message:
            print(f"{message.role}: {message.content}")
        case ToolApprovalCompleted() as approval:
            print(f"  approved: {str(approval.approved).lower()}")
        case call:
            print(f"  {event.kind} {call.name}")


def ask(agent: Emitter, tokens: int) -> None:
    agent.model_call("scripted-1", "scripted").complete(Usage(input_tokens=tokens, output_tokens=12))


def use_tool(agent: Emitter, name: str, lets: bool) -> None:
    """A refusal is no error: the approval has completed with its verdict, and the call is canceled."""
    agent.tool_approval(name, call_id="call-1").complete(lets, decided_by="user")
    with agent.tool_call(name, call_id="call-1") as call:
        if lets:
            call.complete("12:00")
        else:
            call.cancel("not approved")


with newswire.Bus() as bus:
    bus.on("message.created or tool.approval.completed or tool.call.*", show)
    meter = bus.watch(UsageMeter())
    with bus.emitter(session_id="s-1").session("chat") as session:
        for index, (said, tool, answer) in enumerate(SCRIPT):
            within = session.emitter.with_context(turn_id=f"t-{index + 1}")
            within.message_created("user", said)
            with within.turn(None, said) as turn:
                ask(turn.emitter, 100 + 40 * index)
                if tool is not None:
                    use_tool(turn.emitter, *tool)
                    ask(turn.emitter, 150 + 40 * index)
                turn.complete(answer)
            within.message_created("assistant", answer)
        total = meter.snapshot().total
        session.complete(Usage(input_tokens=total.input_tokens, output_tokens=total.output_tokens))

print(f"{total.calls} model calls, {total.tokens} tokens")
