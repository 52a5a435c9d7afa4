// Which language is spoken: the one that was chosen here, else the first of the browser's that there are words in.
import { isLanguage, speak, type Language } from "./words";

const place = "ephemeral.language";
const rightToLeft: readonly Language[] = ["ar"];

export interface Spoken {
  language: Language;
  /** As the browser has it, such as de-CH: numbers and times are written so. */
  locale: string;
}

/** `wanted`: the browser's languages, the best first. */
export function choose(chosen: string | null, wanted: readonly string[]): Spoken {
  const found = wanted.map((locale) => ({ language: locale.split("-")[0]!.toLowerCase(), locale })).filter(({ language }) => isLanguage(language));
  if (isLanguage(chosen)) return { language: chosen, locale: found.find(({ language }) => language === chosen)?.locale ?? chosen };
  return (found[0] as Spoken | undefined) ?? { language: "en", locale: "en" };
}

/** Speaks the language that fits; English where another can't be loaded. */
export async function speakFitting(): Promise<Spoken> {
  let spoken = choose(remembered(), navigator.languages);
  try {
    await speak(spoken.language, spoken.locale);
  } catch {
    spoken = { language: "en", locale: "en" };
  }
  document.documentElement.lang = spoken.locale;
  document.documentElement.dir = rightToLeft.includes(spoken.language) ? "rtl" : "ltr";
  return spoken;
}

/** For the next time, too, where the browser lets a site remember something. */
export function remember(language: Language): void {
  try {
    localStorage.setItem(place, language);
  } catch {
    // Then it is asked for anew each time.
  }
  chosenHere = language;
}

let chosenHere: Language | undefined;

function remembered(): string | null {
  if (chosenHere) return chosenHere;
  try {
    return localStorage.getItem(place);
  } catch {
    return null;
  }
}
