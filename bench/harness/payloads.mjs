const NAMES = ['Zoë Müller', '山田 太郎', 'Иван Петров', 'Ahmed Ali', 'Μαρία', 'José Peña', 'Sam "Ace" Lee', 'O’Brien'];
const NOTES = [
  'rent for November, with thanks',
  'Rechnung 2026-118 – überfällig',
  '请在周五之前发货',
  'line one\nline two\twith a tab',
  'delivery to the back door 🚚',
];

/** One line of an order: nested, with several scripts, and with keys in no order. */
function line(index) {
  return {
    sku: `SKU-${index * 7919}`,
    quantity: (index % 9) + 1,
    price: Math.round(1999 + index * 37.5) / 100,
    customer: { name: NAMES[index % NAMES.length], id: index * 131, vip: index % 3 === 0 },
    tags: ['new', index % 2 === 0 ? 'gift' : 'b2b'],
    note: NOTES[index % NOTES.length],
    discount: index % 4 === 0 ? null : 0.05 * (index % 4),
  };
}

/** An order of about so many bytes. */
export function orderOf(bytes) {
  const order = { to: 'acct-7', amount: 100, currency: 'EUR', note: NOTES[0] };
  const lines = [];
  let size = JSON.stringify(order).length;
  for (let index = 0; size < bytes * 0.97; index++) {
    lines.push(line(index));
    size += Buffer.byteLength(JSON.stringify(lines.at(-1))) + 1;
  }
  return { ...order, lines };
}

/** What an application sends to move money: about 200 bytes. */
export const TRANSFER = {
  to: { account: 'DE02 1203 0000 0000 2020 51', name: 'Zoë Müller' },
  amount: 100.25,
  currency: 'EUR',
  note: 'rent for November, with thanks',
  standing: false,
  tags: ['rent', 'flat 7'],
  day: 22,
  id: 48213,
};

/** The payloads of all measurements, by their sizes: as a server has them, which is parsed. */
export const PAYLOADS = {
  '200 B': parsed(TRANSFER),
  '2 KB': parsed(orderOf(2_048)),
  '64 KB': parsed(orderOf(65_536)),
  '1 MB': parsed(orderOf(1_048_576)),
};

function parsed(value) {
  return JSON.parse(JSON.stringify(value));
}
