"""The design system: base layouts, components, forms, uploads and the static build. It knows no business."""
