// What the admin's own pages need beyond unfold: copying, and filling in a free time. No inline handlers.

const spoken = document.createElement("div");
spoken.className = "cs-hidden";
spoken.setAttribute("role", "status");

document.addEventListener("DOMContentLoaded", () => document.body.append(spoken));

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
  const time = event.target.closest("[data-date][data-time]");
  if (time) fillIn(time.dataset);
});

async function copyText(button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = spoken.textContent = "Copied";
  } catch {
    // No permission, or plain HTTP: select it, so that the keyboard can copy.
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = spoken.textContent = "Press Ctrl-C";
  }
  setTimeout(() => (button.textContent = before), 2000);
}

function fillIn({ date, time }) {
  const fields = { id_date: date, id_time: time };
  for (const [id, value] of Object.entries(fields)) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
  document.getElementById("id_time")?.focus();
}
