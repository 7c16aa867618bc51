/** What the visitor is told when something does not go as it should. */
import { waitText } from "./times.js";

export const CLOSED = "This chat is closed at the moment.";
export const UNEXPECTED = "Something went wrong on our side.";
export const NOT_LOADED = "Your conversation could not be loaded.";
const UNREACHABLE = "The connection was lost. Your message is kept.";
const TOO_MANY = "That was a lot of messages in a short time.";

/** @param {import("./api.js").ApiError | null} error null when the server could not be reached */
export function failureText(error) {
  if (error === null) return UNREACHABLE;
  if (error.message) return error.message; // of a limit, too: it says when the visitor can go on
  if (error.status !== 429) return UNEXPECTED;
  return error.retryAfter ? `${TOO_MANY} You can go on ${waitText(error.retryAfter)}.` : TOO_MANY;
}
