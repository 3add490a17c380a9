type Child = Node | string | null

/** An element with attributes (null = without it) and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | null> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value)
  made.append(...children.filter((child) => child !== null))
  return made
}

/** Writes only what differs, so that nothing is announced or painted twice. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}

/**
 * Makes the children of `parent` those of `items`, in their order: kept ones are moved and brought up to date, new ones made, the
 * others handed to `drop`, which removes them now or later.
 */
export function reconcile<Item, Made extends HTMLElement>(
  parent: HTMLElement,
  made: Map<string, Made>,
  items: readonly Item[],
  key: (item: Item) => string,
  make: (item: Item) => Made,
  update: (node: Made, item: Item) => void,
  drop: (node: Made) => void = (node) => node.remove(),
): void {
  const wanted = new Set(items.map(key))
  for (const [id, node] of made) {
    if (wanted.has(id)) continue
    made.delete(id)
    drop(node)
  }
  let place = parent.firstElementChild
  for (const item of items) {
    const id = key(item)
    let node = made.get(id)
    if (node === undefined) made.set(id, (node = make(item)))
    update(node, item)
    while (place !== null && place.hasAttribute('data-leaving')) place = place.nextElementSibling
    if (place === node) place = place.nextElementSibling
    else parent.insertBefore(node, place)
  }
}
