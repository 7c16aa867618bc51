/** The page of a call: its configuration, and the one element that becomes the call. */
import { mountCall } from "./call.js";

mountCall(document.getElementById("call"), JSON.parse(document.getElementById("config").textContent));
