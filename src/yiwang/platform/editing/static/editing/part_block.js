// The parts of the item form are structures at the top of the page. Wagtail's form code asks every block at the top
// for its element, which only blocks in streams set by themselves.
(() => {
  const { StructBlockDefinition } = window.wagtailStreamField.blocks;

  class PartBlockDefinition extends StructBlockDefinition {
    render(...args) {
      const block = super.render(...args);
      [block.element] = block.container;
      return block;
    }
  }

  window.telepath.register("yiwang.PartBlock", PartBlockDefinition);
})();
