// Every text that a person reads, in the language that they read it in: words/en.ts says what there is to say, and the others say the same.
import { english } from "./words/en";

export { short } from "./words/format";
export type { Telling } from "./words/en";
export type Words = ReturnType<typeof english>;

export const name = "Ephemeral";

/** The languages by their own names. All but English are loaded when they are asked for. */
export const languages = {
  en: { name: "English", words: async () => english },
  de: { name: "Deutsch", words: async () => (await import("./words/de")).german },
  es: { name: "Español", words: async () => (await import("./words/es")).spanish },
  fr: { name: "Français", words: async () => (await import("./words/fr")).french },
  ja: { name: "日本語", words: async () => (await import("./words/ja")).japanese },
  ar: { name: "العربية", words: async () => (await import("./words/ar")).arabic },
} satisfies Record<string, { name: string; words: () => Promise<(locale: string) => Words> }>;

export type Language = keyof typeof languages;

export const isLanguage = (text: unknown): text is Language => typeof text === "string" && Object.hasOwn(languages, text);

/** The language as it is written somewhere, such as de-CH: numbers and times follow it. */
export let locale = "en";

// Whoever imports one of these has the words of the language that is spoken now, whatever it was before.
export let { size, home, make, page, share, newer, attend, held, waiting, about, lock, bring, frame, files, kinds, said, title, log, show, pdf, how, shell, unusable, lost } = english("en");

/** From now on everything is said in this language. Texts that were asked for before stay as they are. */
export async function speak(language: Language, as: string): Promise<void> {
  const words = (await languages[language].words())(as);
  locale = as;
  ({ size, home, make, page, share, newer, attend, held, waiting, about, lock, bring, frame, files, kinds, said, title, log, show, pdf, how, shell, unusable, lost } = words);
}
