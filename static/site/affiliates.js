/** The affiliates' dashboard: builds a link to the page that is chosen, and copies it. */

for (const builder of document.querySelectorAll(".builder")) {
  const place = builder.querySelector("select");
  const address = builder.querySelector("input");
  const said = builder.querySelector("[data-said]");

  const build = () => {
    const link = new URL(builder.dataset.link);
    if (place.value !== "/") link.searchParams.set("to", place.value);
    address.value = link.href;
    said.textContent = "";
  };

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(address.value);
      said.textContent = "Copied.";
    } catch {
      address.focus();
      address.select();
      said.textContent = "Press Ctrl+C (or ⌘C) to copy it.";
    }
  };

  place.addEventListener("change", build);
  builder.querySelector("[data-copy]").addEventListener("click", copy);
  address.addEventListener("focus", () => address.select());
  build();
}
