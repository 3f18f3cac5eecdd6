// Enrolment, in Chromium: who waits, is held, knocks or is announced, and the rules before the door.
import assert from 'node:assert/strict';
import { informOf } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { type Pages, pagesSuite } from './support/pages-world.ts';

const EVIL = '<img src=x onerror=alert(1)>';
const now = (): number => Date.now();
const idOf = (serial: string): string => `0090F8-4102S-${encodeURIComponent(serial)}`;

/** Devices in quarantine, as their Informs left them. */
async function waiting({ world }: Pages, serials: readonly string[]): Promise<void> {
  for (const serial of serials) {
    const facts = informOf(serial, now(), ['0 BOOTSTRAP']);
    await world.store.apply(idOf(serial), 'informed', { ...facts, admission: 'quarantine' });
  }
}

async function stateOf({ call }: Pages, serial: string): Promise<unknown> {
  return (await call('GET', `/devices/${encodeURIComponent(idOf(serial))}`)).state;
}

/** A device that is held, because another certificate and address came under its name. */
async function held({ world }: Pages, serial: string): Promise<void> {
  for (const [at, [address, certificate]] of [
    ['198.51.100.1', 'aa'],
    ['198.51.100.2', 'bb'],
  ].entries()) {
    const facts = informOf(serial, now() + at, ['2 PERIODIC'], { address: String(address) });
    await world.store.apply(idOf(serial), 'informed', { ...facts, certificate: String(certificate) });
  }
}

/** Looks of `eventually` that have an effect. */
const SLOWLY = [20_000, 500] as const;

pagesSuite('quarantine in the pages', pages => {
  it('approves one device, and all that fit a filter by a job', async () => {
    await waiting(pages(), ['Q1', 'Q2', 'Q3', 'R1', EVIL]);
    const page = await pages().open('/enrolment');
    const row = page.getByRole('row', { name: /Q1/ });
    await row.getByRole('button', { name: 'Approve' }).click();
    await page.getByText(`${idOf('Q1')} is approved`).waitFor();
    assert.equal(await stateOf(pages(), 'Q1'), 'enrolled');
    await row.waitFor({ state: 'detached' });
    await page.getByRole('rowheader', { name: EVIL }).waitFor();
    await page.getByRole('textbox', { name: 'Filter' }).fill('serial like "Q%"');
    await page.getByRole('button', { name: 'Approve 2…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Approve 2 devices' });
    await dialog.getByText(idOf('Q3')).waitFor();
    await dialog.getByRole('button', { name: 'Approve 2 devices' }).click();
    await page.getByRole('link', { name: 'Open the job' }).waitFor();
    await eventually('both are enrolled', async () => {
      const states = [await stateOf(pages(), 'Q2'), await stateOf(pages(), 'Q3')];
      return states.every(state => state === 'enrolled');
    });
    assert.equal(await stateOf(pages(), 'R1'), 'quarantine');
    assert.deepEqual(pages().complaints(), []);
  });

  it('refuses all of a filter: they are forgotten, and a rule stands before the door', async () => {
    await waiting(pages(), ['X1', 'X2']);
    const page = await pages().open('/enrolment/quarantine?q=serial+like+%22X%25%22');
    await page.getByRole('button', { name: 'Refuse…' }).click();
    await page.getByLabel('A rule of this name refuses them').fill('no-x');
    await page.getByRole('dialog').getByRole('button', { name: 'Refuse 2 devices' }).click();
    await page.getByRole('link', { name: 'Open the job' }).waitFor();
    const rule = await pages().call('GET', '/enrolment/rules/no-x');
    assert.deepEqual([rule.action, rule.filter], ['refuse', 'serial like "X%"']);
    await eventually('they are forgotten', async () => {
      const { total } = await pages().call('GET', '/devices?count=true&filter=serial+like+%22X%25%22');
      return total === 0;
    });
    assert.deepEqual(pages().complaints(), []);
  });

  it('asks for the count to be typed above 100 devices', async () => {
    await waiting(
      pages(),
      Array.from({ length: 101 }, (_, at) => `M${at}`),
    );
    const page = await pages().open('/enrolment/quarantine?q=serial+like+%22M%25%22');
    await page.getByRole('button', { name: 'Approve 101…' }).click();
    const dialog = page.getByRole('dialog');
    const button = dialog.getByRole('button', { name: 'Approve 101 devices' });
    await dialog.getByRole('textbox').waitFor();
    assert.equal(await button.isDisabled(), true);
    await dialog.getByRole('textbox').fill('101');
    await button.click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(pages().complaints(), []);
  });

  it('shows the values that are frequent, and narrows by one of them', async () => {
    const { world } = pages();
    await waiting(pages(), ['P1', 'P2', 'P3']);
    const other = { ...informOf('P4', now(), ['1 BOOT']), admission: 'quarantine' as const };
    await world.store.apply('0090F8-S7LP-P4', 'informed', {
      ...other,
      identity: { ...other.identity, productClass: 'S7LP' },
    });
    const page = await pages().open('/enrolment/quarantine?q=serial+like+%22P%25%22');
    await page.getByRole('button', { name: 'S7LP · 1' }).click();
    await page.getByRole('link', { name: 'P1' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Approve 1…' }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get('q'), '(serial like "P%") and productClass = "S7LP"');
    assert.deepEqual(pages().complaints(), []);
  });

  it('finds one device and approves it by the keyboard alone', async () => {
    await waiting(pages(), ['Y1', EVIL]);
    const page = await pages().open('/enrolment');
    const name = page.getByRole('link', { name: EVIL });
    await name.waitFor();
    while (!(await name.evaluate(link => link === document.activeElement))) await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByRole('button', { name: 'Approve 1…' }).waitFor();
    await page.keyboard.press('a');
    const action = page.getByRole('dialog').getByRole('button', { name: 'Approve 1 device' });
    await action.waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Open the job' }).waitFor();
    await eventually('it is enrolled', async () => (await stateOf(pages(), EVIL)) === 'enrolled');
    assert.deepEqual(pages().complaints(), []);
  });

  it('keeps the rows of before under a filter that cannot be read, and says where it is wrong', async () => {
    await waiting(pages(), ['W1']);
    const page = await pages().open('/enrolment/quarantine?q=serial+%3D+%22W1%22');
    await page.getByRole('link', { name: 'W1' }).waitFor();
    const field = page.getByRole('textbox', { name: 'Filter' });
    await field.fill('serial = = ');
    await page.locator('textarea[aria-invalid="true"]').waitFor();
    assert.equal(await page.getByRole('link', { name: 'W1' }).isVisible(), true);
    assert.deepEqual(pages().complaints(), []);
  });

  it('shows a viewer who waits, and no button that decides', async () => {
    await waiting(pages(), ['V1']);
    const page = await pages().open('/enrolment/quarantine?q=serial+%3D+%22V1%22', { role: 'viewer' });
    await page.getByRole('link', { name: 'V1' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /Approve|Refuse|rule|CSV/ }).count(), 0);
    assert.deepEqual(pages().complaints(), []);
  });
});

pagesSuite('held, knocking and announced devices in the pages', pages => {
  it('shows both sightings of a held device, marks what differs, and approves it', async () => {
    await held(pages(), 'H1');
    const page = await pages().open('/enrolment/held');
    await page.getByText('1 of 1 · certificate changed').waitFor();
    const marked = await page.locator('.diffv').allInnerTexts();
    assert.deepEqual(marked, ['198.51.100.2', 'bb']);
    await page.getByRole('button', { name: 'Approve as it is…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Nothing is held').waitFor();
    assert.equal(await stateOf(pages(), 'H1'), 'enrolled');
    assert.deepEqual(pages().complaints(), []);
  });

  it('forgets a held device only when its serial number is typed', async () => {
    await held(pages(), 'H2');
    const page = await pages().open('/enrolment/held');
    await page.getByRole('button', { name: 'Forget…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('H');
    assert.equal(await dialog.getByRole('button', { name: 'Forget' }).isDisabled(), true);
    await dialog.getByRole('textbox').fill('H2');
    await dialog.getByRole('button', { name: 'Forget' }).click();
    await page.getByText('Nothing is held').waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('counts knocking by address range, and opens the door once', async () => {
    const { world } = pages();
    for (let n = 0; n < 120; n++) {
      const identity = { manufacturer: 'M', oui: '0090F8', productClass: '4102S', serialNumber: `K${n}` };
      world.acs.fleet.enrolment.unknownCpes.note(identity, `198.51.${n % 2}.${n}`, 'wrong');
    }
    const page = await pages().open('/enrolment/knocking');
    const ranges = page.getByRole('region', { name: 'By address range' });
    await ranges.getByRole('cell', { name: '198.51.1.0/24' }).waitFor();
    await page.getByText('100 of 120').waitFor();
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByText('120 of 120').waitFor();
    await page.getByRole('button', { name: 'Let in once…' }).first().click();
    await page.getByRole('button', { name: 'Open for 15 min' }).click();
    await page.getByText(/The door is open for .* for 15 min/).waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('previews a CSV line by line, takes the good lines and changes known devices', async () => {
    const page = await pages().open('/enrolment/announced?q=serial+like+%22C%25%22');
    await page.getByText('Nothing is announced').waitFor();
    await page.getByRole('button', { name: 'Announce by CSV…' }).click();
    const dialog = page.getByRole('dialog');
    const lines = `id,tags,site.name\n${idOf('C1')},vip,"${EVIL}"\nno id at all,,\n${idOf('C2')},,Graz\n`;
    await dialog.getByRole('textbox').fill(lines);
    await dialog.getByText('2 new · 0 changed · 0 the same · 1 wrong').waitFor();
    await dialog.getByRole('row', { name: /^3 / }).waitFor();
    await dialog.getByRole('button', { name: 'Take 2 lines' }).click();
    await dialog.getByText('2 devices are taken').waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    assert.equal(await stateOf(pages(), 'C2'), 'known');
    await page.getByRole('button', { name: 'Announce by CSV…' }).click();
    await dialog.getByLabel('What it does').selectOption('known');
    await dialog.getByLabel('File').setInputFiles({
      name: `${EVIL}.csv`,
      mimeType: 'text/csv',
      buffer: Buffer.from(`id,site.name\n${idOf('C1')},Linz\n${idOf('C2')},Graz\n`),
    });
    await dialog.getByText('0 new · 1 changed · 1 the same · 0 wrong').waitFor();
    await dialog.getByRole('button', { name: 'Take 1 line' }).click();
    await dialog.getByText(/devices are taken/).waitFor();
    assert.deepEqual((await pages().call('GET', `/devices/${idOf('C1')}`)).site, { name: 'Linz' });
    assert.deepEqual(pages().complaints(), []);
  });
});

pagesSuite('rules of enrolment in the pages', pages => {
  it('makes a rule that says how many it fits, changes it, tries it and deletes it', async () => {
    await waiting(pages(), ['Z1', 'Z2', 'Y1']);
    const page = await pages().open('/enrolment/rules');
    await page.getByText('There are no rules').waitFor();
    await page.getByRole('button', { name: 'New rule…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New rule' });
    await dialog.getByLabel('Name').fill('lab');
    await dialog.getByLabel('Filter').fill('serial like "Z%"');
    await dialog.getByText('Fits 2 of 3 in quarantine').waitFor();
    await dialog.getByLabel('Weight').fill('20');
    await page.keyboard.press('Enter');
    await page.getByRole('rowheader', { name: 'lab' }).waitFor();
    await page.getByLabel('Id').fill(idOf('Z9'));
    await page.getByText('It would be enrolled').waitFor();
    await page.getByRole('button', { name: 'Edit…' }).click();
    await page.getByRole('dialog', { name: 'Rule lab' }).getByLabel('Then').selectOption('refuse');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('It would be refused').waitFor();
    assert.equal((await pages().call('GET', '/enrolment/rules/lab')).action, 'refuse');
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There are no rules').waitFor();
    assert.deepEqual(pages().complaints(), []);
  });

  it('tells of a change that somebody else has made meanwhile, and keeps what was typed', async () => {
    await pages().call('PUT', '/enrolment/rules/shared', { action: 'enrol', filter: 'serial = "1"' });
    const page = await pages().open('/enrolment/rules');
    await page
      .getByRole('row', { name: /shared/ })
      .getByRole('button', { name: 'Edit…' })
      .click();
    const dialog = page.getByRole('dialog', { name: 'Rule shared' });
    await dialog.getByLabel('Filter').fill('serial = "2"');
    await pages().call('PUT', '/enrolment/rules/shared', { action: 'refuse', filter: 'serial = "3"' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Somebody else has changed it meanwhile').waitFor();
    assert.equal(await dialog.getByLabel('Filter').inputValue(), 'serial = "2"');
    assert.equal((await pages().call('GET', '/enrolment/rules/shared')).filter, 'serial = "3"');
    assert.equal(pages().complaints().length, 1);
  });
});

pagesSuite('held and knocking devices that come while the page is open', pages => {
  it('are counted and wait, and nothing moves that is looked at', async () => {
    const { world, open, call, complaints } = pages();
    await held(pages(), 'H5');
    const page = await open('/enrolment/held');
    await page.getByText('1 of 1 · certificate changed').waitFor();
    await held(pages(), 'H4');
    // Its line may not be open yet.
    await eventually(
      'it is counted',
      async () => {
        world.acs.events.emit('held', { device: idOf('H4'), reason: 'certificate', detail: '' });
        return await page.getByText('1 of 2 · certificate changed').isVisible();
      },
      ...SLOWLY,
    );
    await page.getByRole('link', { name: 'H5', exact: true }).waitFor();
    for (const serial of ['H5', 'H4']) await call('POST', `/devices/${idOf(serial)}/approve`);
    await page.getByText('Nothing is held').waitFor();
    await page.goto(page.url().replace('held', 'knocking'));
    await page.getByText('Nothing knocks').first().waitFor();
    const knock = (serialNumber: string): void => {
      const identity = { manufacturer: 'M', oui: '0090F8', productClass: '4102S', serialNumber };
      world.acs.fleet.enrolment.unknownCpes.note(identity, '198.51.7.7', 'wrong');
    };
    const rows = page.getByRole('region', { name: 'Knocking' }).getByRole('row', { name: /0090F8-4102S-N/ });
    knock('N1');
    await eventually(
      'the first one',
      async () => {
        world.acs.events.emit('knock', { device: idOf('N1'), address: '198.51.7.7' });
        return await rows.first().isVisible();
      },
      ...SLOWLY,
    );
    knock('N2');
    await page.getByRole('button', { name: '1 new · show' }).click();
    await rows.nth(1).waitFor();
    assert.deepEqual(complaints(), []);
  });
});
