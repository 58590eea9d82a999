// Of all that a list offers, only what is chosen is explained. Without this, each can be unfolded.
for (const meanings of document.querySelectorAll(".meanings")) {
  const list = document.getElementById(meanings.dataset.for);
  const show = () => {
    for (const one of meanings.children) {
      one.hidden = one.dataset.name !== (list.value || meanings.dataset.usual);
      one.open = !one.hidden;
    }
  };
  list.addEventListener("change", show);
  show();
}
