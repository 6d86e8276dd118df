// How markup is checked. Every rule that html-validate recommends holds, but:
module.exports = {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    // Phones draw table rows as blocks, and a block is no row to a screen reader: the table's roles are spelt out.
    "no-redundant-role": [
      "error",
      { exclude: ["table", "rowgroup", "row", "columnheader", "rowheader", "cell"] },
    ],
    // Boxes of one question share its name: that is how a form says "several of these".
    "form-dup-name": ["error", { shared: ["radio", "button", "reset", "submit", "checkbox"] }],
    // More than is recommended: a button that does not say what it is sends the form.
    "no-implicit-button-type": "error",
  },
};
