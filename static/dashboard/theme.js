/** Light, dark, or as the system has it: the viewer's choice, kept in this browser. */
const KEY = "callsphere:floor:theme";
const ORDER = ["", "light", "dark"];
const WORDS = { "": "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
const root = document.documentElement;

function kept() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // storage is blocked
  }
}

function apply(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
}

/** Makes a button go round the themes. */
export function offerThemes(button) {
  let theme = kept();
  const tell = () => {
    button.title = WORDS[theme];
    button.setAttribute("aria-label", WORDS[theme]);
  };
  button.addEventListener("click", () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    apply(theme);
    tell();
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // it holds until the page is left
    }
  });
  tell();
}

apply(kept());
