// The page for an address that is none: it stands there in English, and says it in the reader's language if there are words.
import { speakFitting } from "./language";
import { lost } from "./words";

if ((await speakFitting()).language !== "en") {
  document.title = lost.title;
  document.querySelector("h1")!.textContent = lost.heading;
  document.querySelector("main p")!.textContent = lost.text;
  document.querySelector("main a")!.textContent = lost.home;
}
