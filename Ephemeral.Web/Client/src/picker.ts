// The choice of language, by the languages' own names.
import { h } from "./dom";
import { isLanguage, languages, shell as words, type Language } from "./words";

export function languagePicker(spoken: Language, choose: (language: Language) => void): HTMLElement {
  const options = Object.entries(languages).map(([language, { name }]) => h("option", { value: language, lang: language, selected: language === spoken }, name));
  const select = h("select", { id: "language", autocomplete: "off", "aria-label": words.language }, ...options);
  select.addEventListener("change", () => isLanguage(select.value) && choose(select.value));
  return h("div", { class: "picker" }, select);
}
