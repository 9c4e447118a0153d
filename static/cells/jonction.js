// What HTML cannot do alone. Everything works without it.
(() => {
  "use strict";

  const say = (text) => {
    const place = document.getElementById("annonces");
    if (place && text) place.textContent = text;
  };

  const takeFocus = (root) => root.querySelector("[data-take-focus]")?.focus();

  // Nothing typed is lost: the text of a form is kept in this tab until it is sent.
  const draftKey = (form) => `brouillon:${location.pathname}:${form.dataset.draft}`;
  const keptFields = (form) => [...form.elements].filter((field) => field.name && /^(text|textarea|date|search|email|tel|number|select-one)$/.test(field.type));
  const keepDraft = (form) => {
    const values = Object.fromEntries(keptFields(form).map((field) => [field.name, field.value]));
    sessionStorage.setItem(draftKey(form), JSON.stringify(values));
  };
  const restoreDraft = (form) => {
    const kept = JSON.parse(sessionStorage.getItem(draftKey(form)) || "{}");
    for (const field of keptFields(form)) if (!field.value && kept[field.name]) field.value = kept[field.name];
  };

  // A draft goes once the server has taken the form: not when the answer is the form again, or the sign-in page.
  const forgetSentDraft = () => {
    const sent = sessionStorage.getItem("brouillon-envoye");
    if (!sent || document.body.classList.contains("jn-sign-in")) return;
    sessionStorage.removeItem("brouillon-envoye");
    if (![...document.querySelectorAll("form[data-draft]")].some((form) => draftKey(form) === sent)) sessionStorage.removeItem(sent);
  };

  document.addEventListener("DOMContentLoaded", () => {
    takeFocus(document);
    forgetSentDraft();
    for (const form of document.querySelectorAll("form[data-draft]")) {
      restoreDraft(form);
      form.addEventListener("input", () => keepDraft(form));
      form.addEventListener("submit", () => sessionStorage.setItem("brouillon-envoye", draftKey(form)));
    }
    document.querySelector("form[data-forget]")?.addEventListener("submit", () => sessionStorage.clear());
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const field = document.querySelector("[data-shortcut='/']");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  });

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.elt;
    const announced = target.querySelector?.("[data-announce]") || target.closest?.("[data-announce]");
    say(announced?.dataset.announce);
  });
  document.addEventListener("htmx:responseError", () => say("La page n’a pas pu être mise à jour. Rechargez-la."));
})();
