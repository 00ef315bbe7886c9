import { AshClient } from '/ash.mjs';
import { byId } from './dom.js';

const USER_KEY = 'shop:user';

/** Who one can be. The header `x-user` stands in for a login. */
export const USERS = ['alice', 'bob', 'guest'];

/** Answers who is chosen. */
export const currentUser = () => byId('who').querySelector('input:checked').value;

/** What says who sends a request. */
export const identityOf = (user) => ({ 'X-User': user });

const clients = new Map();

/** The client of a user. Each has one of their own, since contexts are issued to the one who asks. */
export function clientOf(user) {
  const known = clients.get(user);
  if (known !== undefined) return known;
  const client = new AshClient({ headers: identityOf(user) });
  clients.set(user, client);
  return client;
}

/** Keeps the choice of the user over a reload, and tells when it changes. */
export function watchUser(onChange) {
  const who = byId('who');
  const kept = who.querySelector(`input[value="${USERS.find((user) => user === sessionStorage.getItem(USER_KEY))}"]`);
  if (kept !== null) kept.checked = true;
  who.addEventListener('change', () => {
    sessionStorage.setItem(USER_KEY, currentUser());
    onChange(currentUser());
  });
}

/** The answer's body as text to show: JSON is laid out. */
export async function bodyTextOf(response) {
  const text = await response.text();
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

let turn = Promise.resolve();

/** Runs one act after the other, so that what the ledger counts in between belongs to one of them. */
export function inTurn(act) {
  const done = turn.then(act);
  turn = done.catch(() => undefined);
  return done;
}
