/** Makes an element. A property with a dash, `role` or `for` is set as an attribute; children are text unless elements. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name in element && !name.includes('-')) element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false && child !== ''));
  return element;
}

/** The element of the page with an id. */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no element with the id '${id}'`);
  return element;
}

/** A text for those who do not see how an element looks. */
export const unseen = (text) => h('span', { className: 'unseen' }, text);

/** A text that was sent or received, in a box in which long lines wrap. */
export const codeBox = (label, ...lines) =>
  h('pre', { className: 'code', role: 'group', 'aria-label': label }, h('code', {}, ...lines));

const announcer = byId('announcer');

/** Has a screen reader say a sentence. */
export function announce(sentence) {
  announcer.textContent = sentence;
}
