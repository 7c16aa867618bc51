"""What may differ from call to call: bounds in seconds unless the name says otherwise, and phrases."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How a call is held. The phrases go to the model: instructions are told, words are spoken as they stand."""

    server_interrupts: bool = True
    """The model's server cancels its response by itself when the caller begins to speak."""
    server_responds: bool = True
    """The model's server answers by itself when the caller stops speaking."""
    deaf_ms: int = 0
    """Of the greeting, in which the caller's voice does not interrupt (echo on loudspeakers)."""

    start_within: float = 10.0
    """From the first event until the carrier starts, else the call never was."""
    connect_within: float = 5.0
    respond_within: float = 2.5
    """From asking for a response until it starts; then it is asked for again, at most twice."""
    stall_after: float = 8.0
    """An active response of which nothing comes for so long is dead, and the model's session with it."""
    reconnects: int = 2
    recycle_after: float = 55 * 60.0
    hold_ms: int = 2_000
    """Of the caller's audio kept until the model is there for the first time."""
    replay_ms: int = 3_000
    """Of the caller's audio kept for the next session when one is lost."""

    carrier_silence: float = 0.0
    """Without a frame of the caller, until they count as lost; 0 = they need not send any."""
    silence_prompt: float = 30.0
    cap: float = 15 * 60.0
    warn_before: float = 60.0
    """Before the cap; a call as short as twice this is not warned."""
    filler_after: float = 1.5
    filler_again: float = 8.0
    bridge_after: float = 2.0
    """Of silence that the caller should not hear, until `filler_audio` is played."""
    filler_audio: bytes = b""
    """In the call's format; without it nothing is played."""

    holding: str = (
        "A step you started is still running. Promise nothing, ask nothing and call no tool. Say one sentence, in the "
        "language of this call, which means exactly: "
    )
    """A sentence in quotes follows."""
    still_there: str = "The caller has been silent for a while. Ask in one short sentence whether they are still there."
    warning: str = "This call ends in one minute. Tell the caller so in one short sentence, then go on."
    resume: str = "The connection was lost for a moment. Go on where the conversation stopped. Do not greet again."
    say_again: str = (
        "The connection was lost for a moment, and what the caller said meanwhile did not arrive. Say so in one short "
        "sentence, and ask them to say it again. Do not greet again."
    )
    introduce: str = (
        "You have just taken over this call from a colleague. Say in one short sentence who you are and go on with "
        "what the caller wants. Do not greet for the business again and do not ask for what is known."
    )
    whispered: str = "Your supervisor tells you, and the caller neither hears it nor may learn of it: "
    """The words follow."""
    barged_in: str = (
        "A supervisor has joined this call and can speak to the caller, too. You cannot hear them. Be brief, and leave "
        "the word to them when the caller talks to them."
    )
    supervisor_left: str = "The supervisor has left this call. You talk with the caller alone again."
    taken_over: str = "A supervisor has taken this call over and talks with the caller. Say nothing until you are told."
    handed_back: str = (
        "The supervisor has handed this call back to you. Go on with what the caller wants now. Do not greet again and "
        "do not repeat what they have settled. "
    )
    """What to know follows."""
    supervisor_lost: str = "The connection to the supervisor was lost, so you have this call again. "
    go_on: str = "You have this call again. Say one short sentence that goes on with it. Do not greet again."
    silence_goodbye: str = "I can't hear you any more, so I will end this call. Goodbye."
    cap_goodbye: str = "We have reached the time limit of this call. Thank you for calling. Goodbye."
