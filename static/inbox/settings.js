/** The dialogs: settings, the note for the agent, the keys. */

/** Opens a dialog; resolves with the name of the button that ended it. Escape is "cancel". */
export function ask(dialog) {
  const cancel = dialog.querySelector('button[value="cancel"]');
  return new Promise((resolve) => {
    const dismiss = () => dialog.close("cancel");
    cancel?.addEventListener("click", dismiss);
    dialog.returnValue = "cancel";
    dialog.addEventListener("close", () => (cancel?.removeEventListener("click", dismiss), resolve(dialog.returnValue)), { once: true });
    dialog.showModal();
  });
}

/** The settings: what the person chose, and what holds for all. */
export async function changeSettings({ api, dialog, isMember }) {
  const form = dialog.querySelector("form");
  const problem = dialog.querySelector(".problem");
  problem.textContent = "";
  let wishes;
  try {
    wishes = await api.wishes();
  } catch (error) {
    problem.textContent = error.message;
    return ask(dialog);
  }
  form.elements.notify.value = wishes.notify;
  dialog.querySelector("#notify-field").hidden = !isMember;
  form.elements.sensitive_words.value = wishes.sensitive_words;
  form.elements.closed_words.value = wishes.closed_words;
  dialog.querySelector("#shared").disabled = !wishes.may_decide;
  while ((await ask(dialog)) === "save") {
    const changes = { ...(isMember && { notify: form.elements.notify.value }) };
    if (wishes.may_decide) {
      changes.sensitive_words = form.elements.sensitive_words.value;
      changes.closed_words = form.elements.closed_words.value;
    }
    try {
      await api.wishes(changes);
      return;
    } catch (error) {
      problem.textContent = error.message;
    }
  }
}
