import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { SERVERS, startShop } from '../dist/shop-process.mjs';
import { launchChromium } from './harness.mjs';

/** Every attack of the lab: what the page has to show, and what a handler may have run because of it. */
const ATTACKS = [
  { id: 'honest', verdict: 'passed', code: '200', ran: { transfers: 1 } },
  { id: 'amount', verdict: 'refused', code: '403 ASH_INTEGRITY_FAILED', ran: {}, check: 'proof' },
  // The honest request is the one that ran.
  { id: 'replay', verdict: 'refused', code: '409 ASH_CTX_ALREADY_USED', ran: { transfers: 1 }, check: 'context' },
  { id: 'route', verdict: 'refused', code: '403 ASH_BINDING_MISMATCH', ran: {}, check: 'binding' },
  { id: 'subject', verdict: 'refused', code: '403 ASH_SUBJECT_MISMATCH', ran: {}, check: 'subject' },
  { id: 'skip', verdict: 'refused', code: '403 ASH_CHAIN_BROKEN', ran: { carts: 1 }, check: 'chain' },
  {
    id: 'twice',
    verdict: 'refused',
    code: '403 ASH_CHAIN_BROKEN',
    ran: { carts: 1, checkouts: 1, payments: 1 },
    check: 'chain',
  },
  { id: 'late', verdict: 'refused', code: '410 ASH_CTX_EXPIRED', ran: {}, check: 'context' },
  { id: 'unscoped', verdict: 'passed', code: '200', ran: { transfers: 1 } },
  { id: 'key', verdict: 'refused', code: '403 ASH_INTEGRITY_FAILED', ran: {}, check: 'proof' },
];

/** What the verdict says of the handler, and what the picture says of it. */
const WORDS = { passed: /The handler ran once/, refused: /The handler did not run/, twice: /Two were sent, one ran/ };
const HANDLERS = { passed: ['ran once'], refused: ['did not run'], twice: ['did not run', 'ran once'] };

/** What Chromium itself writes when a refusal that was asked for comes back. */
const EXPECTED_FAILURE = /^Failed to load resource: the server responded with a status of 4(?:02|03|09|10)\b/;

const SECRET = /"clientSecret":"([0-9a-f]{64})"/g;

/** The texts of the page without enough contrast (WCAG AA) against what is painted behind them. */
function faintTexts() {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const painted = (...colors) => {
    for (const color of colors) {
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = (color) => {
    const [red, green, blue] = color.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const lineage = (element) => (element === null ? [] : [...lineage(element.parentElement), element]);
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() === '' || !element.checkVisibility() || element.closest('.unseen, .skip'))
      continue;
    const backgrounds = lineage(element).map((each) => getComputedStyle(each).backgroundColor);
    const [dark, light] = [painted(...backgrounds, getComputedStyle(element).color), painted(...backgrounds)]
      .map(luminance)
      .sort((one, other) => one - other);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) faint.push(`${texts.currentNode.data.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}

// The page is the same on each: one with Nest, one without, one on each adapter.
for (const [title, environment] of SERVERS.filter(([title]) => ['Nest and Express', 'Fastify'].includes(title))) {
  describe(`the page of the shop on ${title}`, () => {
    let shop;
    let browser;
    let visit;
    before(async () => {
      shop = await startShop(environment);
      browser = await launchChromium();
    });
    after(async () => {
      await browser?.close();
      await shop?.end();
    });

    /** Opens the page as a visitor of its own, and notes what it must not do. */
    async function open(options = {}) {
      await visit?.context.close();
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      visit = { context, faults: [], secrets: new Set() };
      const { faults, secrets } = visit;
      await page.exposeFunction('noteViolation', (what) => faults.push(`CSP: ${what}`));
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
          window.noteViolation(`${violatedDirective} ${blockedURI}`),
        );
      });
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && !EXPECTED_FAILURE.test(message.text())) faults.push(message.text());
      });
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== new URL(shop.url).origin) faults.push(`asked for ${request.url()}`);
      });
      page.on('response', async (response) => {
        if (!response.url().endsWith('/ash/context')) return;
        const text = await response.text().catch(() => '');
        for (const [, secret] of text.matchAll(SECRET)) secrets.add(secret);
      });
      await page.goto(shop.url);
      await page.locator('#run-key').waitFor();
      return page;
    }

    afterEach(() => {
      assert.deepEqual(visit.faults.splice(0), [], 'the page asks no other origin, and logs and blocks nothing');
    });

    const ledger = async () => (await fetch(`${shop.url}/ledger`)).json();
    const ledgerShown = (page) =>
      page
        .locator('#ledger > div')
        .evaluateAll((items) =>
          Object.fromEntries(items.map((item) => [item.dataset.kind, Number.parseInt(item.lastChild.textContent, 10)])),
        );
    const added = (before, ran) =>
      Object.fromEntries(Object.entries(before).map(([kind, count]) => [kind, count + (ran[kind] ?? 0)]));

    async function verdictOf(place) {
      const verdict = place.locator('.verdict');
      await verdict.waitFor();
      return {
        verdict: await verdict.getAttribute('data-state'),
        code: await verdict.locator('code').innerText(),
        text: await verdict.innerText(),
      };
    }

    async function takeStep(page, expected) {
      await page.locator('#checkout-go').click();
      await page.locator('#checkout-answer .verdict').waitFor();
      const { verdict, code } = await verdictOf(page.locator('#checkout-answer'));
      assert.deepEqual({ verdict, code }, expected);
    }

    it('makes a transfer', async () => {
      const page = await open();
      const before = await ledger();
      await page.getByLabel('Amount', { exact: true }).fill('12.5');
      await page.getByLabel('To', { exact: true }).fill('é"x');
      await page.getByRole('button', { name: 'Send the transfer' }).click();
      const { verdict, text } = await verdictOf(page.locator('#transfer-answer'));

      assert.equal(verdict, 'passed');
      assert.match(text, /The handler ran once/);
      assert.equal(JSON.parse(await page.locator('#transfer-answer .code').innerText()).transferred, 12.5);
      assert.deepEqual(await ledger(), added(before, { transfers: 1 }));
      assert.deepEqual(await ledgerShown(page), await ledger());
    });

    it('tells a handler that declines from a guard that refuses', async () => {
      const page = await open();
      const before = await ledger();
      await page.getByLabel('Amount', { exact: true }).fill('-1');
      await page.getByRole('button', { name: 'Send the transfer' }).click();
      const { verdict, code } = await verdictOf(page.locator('#transfer-answer'));

      assert.deepEqual({ verdict, code }, { verdict: 'declined', code: '400' });
      assert.deepEqual(await ledger(), before);
      // Chromium logs the status, which is none of those that the other tests expect.
      visit.faults.splice(0).forEach((fault) => assert.match(fault, /status of 400/));
    });

    it('goes through a checkout, with reloads in the middle and a declined card', async () => {
      const page = await open();
      const before = await ledger();
      await page.getByLabel('Fountain pens').fill('3');
      await takeStep(page, { verdict: 'passed', code: '200' });
      await page.reload();
      await page.getByRole('button', { name: 'Confirm the order' }).waitFor();
      await takeStep(page, { verdict: 'passed', code: '200' });
      await page.reload();
      await page.getByLabel('one that the bank declines').check();
      await takeStep(page, { verdict: 'declined', code: '402' });
      await page.reload();
      await page.getByLabel('a good one').check();
      await takeStep(page, { verdict: 'passed', code: '200' });

      assert.deepEqual(await ledger(), added(before, { carts: 1, checkouts: 1, payments: 1 }));
      assert.equal(await page.evaluate(() => document.activeElement.id), 'checkout-anew');
      assert.equal(await page.locator('#checkout-steps [data-state=done]').count(), 3);
      await page.reload();
      assert.equal(await page.locator('#checkout-steps [data-state=done]').count(), 3);
      await page.getByRole('button', { name: 'Begin anew' }).click();
      assert.equal(await page.locator('#checkout-steps [data-state=done]').count(), 0);
    });

    it('goes on with a checkout after a step whose answer was lost', async () => {
      const page = await open();
      const before = await ledger();
      await takeStep(page, { verdict: 'passed', code: '200' });
      // The request arrives, and again where the client sends it once more; no answer comes back.
      await page.route('**/checkout', async (route) => {
        await route.fetch();
        await route.abort();
      });
      await takeStep(page, { verdict: 'unreachable', code: 'ASH_CLIENT_RESPONSE_LOST' });
      assert.match(await page.locator('#checkout-answer').innerText(), /By the ledger it ran/);
      await page.unroute('**/checkout');
      await page.reload();
      await takeStep(page, { verdict: 'passed', code: '200' });

      assert.deepEqual(await ledger(), added(before, { carts: 1, checkouts: 1, payments: 1 }));
      visit.faults.splice(0).forEach((fault) => assert.match(fault, /net::ERR_FAILED|status of 403/));
    });

    it('keeps a checkout for each user, and none that somebody else wrote', async () => {
      const page = await open();
      await takeStep(page, { verdict: 'passed', code: '200' });
      await page.getByLabel('bob').check();
      assert.equal(await page.locator('#checkout-steps [data-state=done]').count(), 0);
      await page.getByLabel('alice').check();
      assert.equal(await page.locator('#checkout-steps [data-state=done]').count(), 1);
      await takeStep(page, { verdict: 'passed', code: '200' });

      for (const kept of ['no JSON', 'null', '{"step":7}', '{"step":"map"}', '{"step":1,"chain":{"name":"another"}}']) {
        await page.evaluate((text) => sessionStorage.setItem('shop:checkout:alice', text), kept);
        await page.reload();
        assert.equal(await page.locator('#checkout-steps [data-state=done]').count(), 0, kept);
      }
    });

    describe('in its lab', () => {
      let page;
      before(async () => (page = await open()));

      for (const { id, verdict, code, ran, check } of ATTACKS) {
        it(`shows how the attack '${id}' ends, and what the handlers did`, async () => {
          const before = await ledger();
          await page.locator(`#run-${id}`).click();
          const card = page.locator(`#attack-${id}`);
          const shown = await verdictOf(card);
          const ledgerAfter = await ledger();

          assert.deepEqual({ verdict: shown.verdict, code: shown.code }, { verdict, code });
          assert.deepEqual(ledgerAfter, added(before, ran));
          assert.deepEqual(await ledgerShown(page), ledgerAfter);
          assert.match(shown.text, WORDS[id] ?? WORDS[verdict]);
          const announced = shown.text.replace(/^[✓✕]\s*(\w+)/, '$1.').replace(/\s+/g, ' ');
          assert.equal(await page.locator('#announcer').innerText(), announced);
        });

        it(`marks where the attack '${id}' was refused, and what it changed`, async () => {
          const card = page.locator(`#attack-${id}`);
          const refusing = await card.locator('.checks [data-state=refused]').allInnerTexts();
          const handlers = await card.locator('.taken > li:last-child .note').allInnerTexts();

          assert.deepEqual(
            refusing.map((text) => text.replace(/^✕\s*/, '').replace(/\s+/g, '')),
            check === undefined ? [] : [`${check}:refusedhere`],
          );
          assert.deepEqual(handlers.sort(), HANDLERS[id] ?? HANDLERS[verdict]);
          assert.equal(await card.locator('.comparison [data-changed]').count(), { honest: 0, twice: 2 }[id] ?? 1);
        });
      }
    });

    it('says so when its script cannot start', async () => {
      const page = await open();
      const notice = page.getByText('The script of this page did not start');
      assert.equal(await notice.isVisible(), false);
      await page.route('**/ash.mjs', (route) => route.fulfill({ status: 500, body: 'is missing' }));
      await page.reload();
      await notice.waitFor({ state: 'visible' });
      visit.faults.splice(0).forEach((fault) => assert.match(fault, /status of 500/));
    });

    it('never shows a secret', async () => {
      const page = await open();
      await page.locator('#run-key').click();
      await verdictOf(page.locator('#attack-key'));
      await page.locator('#run-amount').click();
      await verdictOf(page.locator('#attack-amount'));
      const text = await page.locator('html').evaluate((html) => html.outerHTML);

      assert.ok(visit.secrets.size >= 2);
      for (const secret of visit.secrets) assert.ok(!text.includes(secret));
    });

    it('runs the whole lab, one attack after the other', async () => {
      const page = await open();
      await page.locator('#lab-all').click();
      await page.getByText('All done').waitFor();

      const states = await page.locator('.attack').evaluateAll((cards) => cards.map((card) => card.dataset.state));
      assert.deepEqual(
        states,
        ATTACKS.map(({ verdict }) => verdict),
      );
      assert.equal(await page.locator('details[open]').count(), 0);
    });

    it('can be used with the keyboard alone', async () => {
      const page = await open();
      const focused = () => page.evaluate(() => document.activeElement.id);
      for (let presses = 0; (await focused()) !== 'run-amount'; presses += 1) {
        assert.ok(presses < 40, 'the button of the attack is reached with the tabulator');
        await page.keyboard.press('Tab');
      }
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.equal(outline, 'solid');
      await page.keyboard.press('Enter');
      const { code } = await verdictOf(page.locator('#attack-amount'));
      assert.equal(code, '403 ASH_INTEGRITY_FAILED');
      assert.equal(await focused(), 'run-amount');

      await page.keyboard.press('Tab');
      assert.match(await page.evaluate(() => document.activeElement.textContent), /^What happened in: Change/);
      await page.keyboard.press('Enter');
      assert.equal(await page.locator('#attack-amount details[open]').count(), 0);
    });

    it('says so when the shop cannot be reached', async () => {
      const page = await open();
      await page.route('**/*', (route) => route.abort());
      await page.locator('#run-honest').click();
      await page.locator('#attack-honest .verdict').waitFor();
      assert.match(await page.locator('#attack-honest .verdict').innerText(), /No answer.*could not be reached/s);

      await page.unroute('**/*');
      await page.route('**/transfer', (route) => route.abort());
      await page.getByRole('button', { name: 'Send the transfer' }).click();
      await page.locator('#transfer-answer .verdict').waitFor();
      assert.match(await page.locator('#transfer-answer .verdict').innerText(), /No answer.*may have run/s);
      visit.faults.splice(0).forEach((fault) => assert.match(fault, /net::ERR_FAILED/));
    });

    for (const colorScheme of ['light', 'dark']) {
      it(`fits a phone and a wide screen, and can be read, in ${colorScheme}`, async () => {
        const page = await open({ colorScheme });
        for (const id of ['amount', 'unscoped', 'twice']) {
          await page.locator(`#run-${id}`).click();
          await verdictOf(page.locator(`#attack-${id}`));
        }
        await page.locator('#checkout-go').click();
        await verdictOf(page.locator('#checkout-answer'));
        for (const summary of await page.locator('details details summary').all()) await summary.click();

        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(paper, colorScheme === 'light' ? 'rgb(246, 246, 243)' : 'rgb(19, 21, 25)');
        for (const width of [360, 768, 1440]) {
          await page.setViewportSize({ width, height: 800 });
          const widest = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(widest <= width, `${widest} px on a screen of ${width}`);
          assert.deepEqual(await page.evaluate(faintTexts), []);
        }
      });
    }
  });
}

it('the page shows that a sealed context is refused a second time at the very end of the guard', async () => {
  const shop = await startShop({ STORE: 'sealed' });
  let browser;
  try {
    browser = await launchChromium();
    const page = await browser.newPage();
    await page.goto(shop.url);
    await page.locator('#run-replay').click();
    await page.locator('#attack-replay .verdict[data-state=refused]').waitFor();
    assert.match(await page.locator('#attack-replay figcaption').innerText(), /check 10 of 10, spend/);
  } finally {
    await browser?.close();
    await shop.end();
  }
});

it('the files of the page are served with their types, and nothing beside them', async () => {
  for (const [, environment] of SERVERS) {
    const shop = await startShop(environment);
    try {
      const index = await fetch(shop.url);
      assert.match(index.headers.get('content-security-policy'), /^default-src 'self'/);
      assert.doesNotMatch(index.headers.get('content-security-policy'), /unsafe/);
      const types = {
        '/': 'text/html; charset=utf-8',
        '/ash.mjs': 'text/javascript; charset=utf-8',
        '/page/main.js': 'text/javascript; charset=utf-8',
        '/page/style.css': 'text/css; charset=utf-8',
        '/page/icon.svg': 'image/svg+xml',
      };
      for (const [path, type] of Object.entries(types)) {
        const { headers } = await fetch(shop.url + path);
        assert.equal(headers.get('content-type'), type);
        assert.equal(headers.get('cache-control'), 'no-cache');
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
      }
      for (const path of ['/page/nothing.js', '/page/index.html', '/page/..%2fmain.ts', '/page/%2e%2e%2fmain.ts']) {
        assert.equal((await fetch(shop.url + path)).status, 404, path);
      }
    } finally {
      await shop.end();
    }
  }
});
