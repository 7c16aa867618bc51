// What the admin's own pages need beyond unfold: copying, filling in what is offered, and following what is under way.
// No inline handlers.

const spoken = document.createElement("div");
spoken.className = "cs-hidden";
spoken.setAttribute("role", "status");

document.addEventListener("DOMContentLoaded", () => document.body.append(spoken));

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
  const time = event.target.closest("[data-date][data-time]");
  if (time) fillIn(time.dataset);
  const take = event.target.closest("[data-take]");
  if (take) takeOver(take);
});

document.addEventListener("DOMContentLoaded", () => {
  for (const region of document.querySelectorAll("[data-region]")) follow(region);
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

// What another editor saved, into the field of this one's form.
function takeOver(button) {
  const field = document.getElementById(`id_${button.dataset.take}`);
  const theirs = document.querySelector(`[data-theirs="${button.dataset.take}"]`);
  if (!field || !theirs) return;
  field.value = theirs.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  button.textContent = spoken.textContent = "It is in the form";
}

// As long as what a region shows says that it goes on ([data-again], in milliseconds), the region is asked for anew.
async function follow(region) {
  for (let part; (part = region.querySelector("[data-again]")); ) {
    await new Promise((resolve) => setTimeout(resolve, Number(part.dataset.again)));
    try {
      const response = await fetch(region.dataset.region, { headers: { "X-Requested-With": "fetch" } });
      if (response.redirected || !response.ok) return; // logged out
      region.innerHTML = await response.text();
    } catch {
      // offline: at the next turn again
    }
  }
}
