// The parameters of a gateway, in Chromium: found, edited by type, sent.
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { type Pages, pagesSuite } from '../support/pages-world.ts';
import { editValue, knownTo, readGateway, rowOf, tabOf } from '../support/read-gateway.ts';

const CWMP = 'Device.X_0090F8_Cwmp.';
const SIP = 'Device.X_0090F8_SipEp.';

interface KnownTask {
  method: string;
  state: string;
  notBefore?: string;
}

const tasksOf = async ({ call }: Pages, id: string): Promise<KnownTask[]> =>
  (await call('GET', `/tasks?device=${encodeURIComponent(id)}`)).items as KnownTask[];

pagesSuite('the parameters of a gateway in the pages', pages => {
  let id: string;
  let at: string;
  before(async function () {
    this.timeout(60_000);
    id = await readGateway(pages());
    at = tabOf(id, 'parameters');
  });

  it('are found, edited by Enter, and sent by Ctrl Enter', async () => {
    const { open, complaints } = pages();
    const page = await open(at);
    await page.getByRole('treegrid', { name: 'Parameters' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('cwmp minsev');
    await rowOf(page, `${CWMP}MinSeverity`).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('combobox', { name: 'MinSeverity' }).selectOption('Debug');
    await page.getByRole('complementary', { name: 'Staged changes' }).getByText('Debug').waitFor();
    await page.keyboard.press('Control+Enter');
    await page.getByText('The device has taken 1 value').waitFor();
    assert.equal(await knownTo(pages(), id, `${CWMP}MinSeverity`), 'Debug');
    assert.deepEqual(complaints(), []);
  });

  it('open and close by the arrow keys, and closed branches have no rows', async () => {
    const page = await pages().open(`${at}?path=${SIP}`);
    await rowOf(page, SIP).focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator(`[data-path="${SIP}"][aria-expanded="false"]`).waitFor();
    assert.equal(await rowOf(page, `${SIP}MinSeverity`).count(), 0);
    await page.keyboard.press('ArrowRight');
    await page.locator(`[data-path="${SIP}"][aria-expanded="true"]`).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(
      path =>
        document.activeElement?.getAttribute('data-path')?.startsWith(path) && document.activeElement.ariaLevel === '2',
      SIP,
    );
    const drawn = await page.getByRole('treegrid').getByRole('row').count();
    assert.ok(drawn < 60, `${drawn} rows are drawn`);
  });

  it('are judged by the data model before they are sent', async () => {
    const page = await pages().open(at);
    const path = `${CWMP}PeriodicInformInterval`;
    await editValue(page, path);
    await page.getByRole('textbox', { name: 'PeriodicInformInterval' }).fill('0');
    const drawer = page.getByRole('complementary', { name: 'Staged changes' });
    await drawer.getByText(/Not between 1 and/).waitFor();
    assert.equal(await drawer.getByRole('button', { name: /^Send/ }).getAttribute('aria-disabled'), 'true');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
  });

  it('go to the device at night, not before two o’clock at its site', async () => {
    const { open, call } = pages();
    await call('PATCH', `/devices/${id}`, { site: { timezone: 'America/New_York' } });
    const page = await open(at);
    await editValue(page, `${CWMP}PeriodicInformInterval`);
    await page.getByRole('textbox', { name: 'PeriodicInformInterval' }).fill('1234');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Tonight' }).click();
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.getByText(/It is sent not before 02:00/).waitFor();
    const [task] = await tasksOf(pages(), id);
    const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', timeZone: 'America/New_York' });
    assert.equal(hour.format(new Date(task?.notBefore ?? '')), '02');
    assert.equal(task?.state, 'queued');
  });

  it('become an override where a preset decides them', async () => {
    const { open, call, complaints } = pages();
    await call('PUT', '/presets/log', { weight: 1, set: { [`${SIP}MinSeverity`]: 'Error' } });
    const page = await open(at);
    await editValue(page, `${SIP}MinSeverity`);
    const dialog = page.getByRole('dialog', { name: 'The preset log decides this value' });
    await dialog.getByRole('link', { name: 'Change the preset' }).waitFor();
    await dialog.getByRole('button', { name: 'Override for this device' }).press('Enter');
    await page.getByRole('combobox', { name: 'MinSeverity' }).selectOption('Info');
    await page.getByText('As an override: the ACS keeps this value for this device.').waitFor();
    await page.keyboard.press('Control+Enter');
    await page.getByText('1 override is set').waitFor();
    const { overrides } = await call('GET', `/devices/${id}`);
    assert.equal((overrides as Record<string, { value: string }>)[`${SIP}MinSeverity`]?.value, 'Info');
    await eventually('the device has it', async () => (await knownTo(pages(), id, `${SIP}MinSeverity`)) === 'Info');
    assert.deepEqual(complaints(), []);
  });

  it('of a table are added and deleted as rows', async () => {
    const page = await pages().open(`${at}?path=${SIP}Authentication.`);
    await rowOf(page, `${SIP}Authentication.`).focus();
    await page.getByRole('button', { name: 'Add a row' }).click();
    await page.getByText(/Row \d+ is added/).waitFor();
    const row = page.getByRole('treegrid').locator(`[data-path^="${SIP}Authentication."][aria-level="3"]`).last();
    const path = (await row.getAttribute('data-path')) ?? '';
    await row.focus();
    await page.getByRole('button', { name: 'Delete this row…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the row' }).click();
    await page.getByText('The row is deleted').waitFor();
    await rowOf(page, path).waitFor({ state: 'detached' });
  });

  it('that would cut the device off are set only after a question', async () => {
    const { open, call } = pages();
    const page = await open(at);
    const refusal = { status: 409, code: 'would-lose', detail: 'the device would lose the ACS', hint: 'look at it' };
    await page.route('**/api/v1/devices/*', async route => {
      const request = route.request();
      if (request.method() !== 'PATCH' || request.url().includes('force=true')) await route.continue();
      else await route.fulfill({ status: 409, json: refusal, contentType: 'application/problem+json' });
    });
    await editValue(page, `${CWMP}PeriodicInformInterval`);
    await page.getByRole('textbox', { name: 'PeriodicInformInterval' }).fill('4321');
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('complementary', { name: 'Staged changes' });
    await drawer.getByRole('button', { name: 'Override' }).click();
    await drawer.getByRole('button', { name: /^Send/ }).click();
    await drawer.getByRole('alert').getByText('look at it').waitFor();
    await drawer.getByRole('button', { name: 'Set all the same…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Set all the same' }).click();
    await drawer.waitFor({ state: 'detached' });
    const { overrides } = await call('GET', `/devices/${id}`);
    assert.equal((overrides as Record<string, { value: string }>)[`${CWMP}PeriodicInformInterval`]?.value, '4321');
  });

  it('show a viewer no editors, and nothing that changes', async () => {
    const page = await pages().open(at, { role: 'viewer' });
    await editValue(page, `${CWMP}MinSeverity`);
    await page.getByRole('button', { name: 'Copy path' }).waitFor();
    assert.equal(await page.getByRole('combobox', { name: 'MinSeverity' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Read this part again' }).count(), 0);
  });
});
