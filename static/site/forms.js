/** Forms of the public pages: a guess at time zone and country, and a button that is pressed once. */

const zone = document.querySelector("select[name=time_zone]");
const region = document.querySelector("select[name=region]");

/** Chooses `value` where nothing was chosen, if there is such a choice. */
function guess(select, value) {
  if (select && !select.value && value && [...select.options].some((option) => option.value === value)) {
    select.value = value;
  }
}

guess(zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
// maximize() turns "de" into "de-Latn-DE": a language's usual country, where the browser names none.
guess(region, new Intl.Locale(navigator.language).maximize().region);

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented) return;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "1";
  button.setAttribute("aria-busy", "true");
  if (button.dataset.busy) button.textContent = button.dataset.busy;
});
// Back in the browser's history brings the page as it was left.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
