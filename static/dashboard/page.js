/** Starts the floor of this page. */
import { Floor } from "./floor.js";

export const floor = new Floor(JSON.parse(document.getElementById("config").textContent));
floor.start();
