/** Which of an agent's words reached the caller, when an interruption cut them. */

/**
 * @param {string} said all that was on the screen @param {string} heard what the server says was heard, "" for nothing
 * @returns {string} the words of `said` that come after `heard`; "" when it is no beginning of it, but other words
 */
export function unheardWords(said, heard) {
  const words = [...said.matchAll(/\S+/g)];
  const first = heard.match(/\S+/g) ?? [];
  const same = first.every((word, at) => bare(words[at]?.[0]) === bare(word));
  return same && words.length > first.length ? said.slice(words[first.length].index) : "";
}

/** The last word heard may have lost its full stop, or have got an ellipsis. */
const bare = (word) => word?.replace(/[\p{P}\p{S}]+$/u, "");
