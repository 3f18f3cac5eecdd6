// The parameters of a device with thousands of values, some of which are rubbish, in Chromium.
import assert from 'node:assert/strict';
import { done } from '../../support/worlds/world.ts';
import { type ForeignDevice, foreignDevice, tr098 } from '../support/foreign-devices.ts';
import { pagesSuite } from '../support/pages-world.ts';
import { rowOf, tabOf } from '../support/read-gateway.ts';

const COUNT = 8000;
const HOSTS = 'InternetGatewayDevice.LANDevice.1.Hosts.Host.';
const EVIL = '"><script>document.title="owned"</script>\u202e';

pagesSuite('a device of 8,000 values in the pages', pages => {
  let router: ForeignDevice;
  let at: string;
  before(async function () {
    this.timeout(90_000);
    const { world } = pages();
    const tree = Object.fromEntries(
      Array.from({ length: COUNT }, (_, nth) => {
        const path = `${HOSTS}${1 + Math.floor(nth / 4)}.${['HostName', 'IPAddress', 'MACAddress', 'Active'][nth % 4]}`;
        return [path, { value: nth === 5000 ? EVIL : `value ${nth}` }];
      }),
    );
    router = await foreignDevice(world, { ...tr098.identity, productClass: 'BIG' }, { ...tr098.tree, ...tree });
    await router.informs('0 BOOTSTRAP', '1 BOOT');
    const { id } = router.cpe;
    await done(world, id, { method: 'GetParameterValues', args: { ParameterNames: ['InternetGatewayDevice.'] } });
    at = tabOf(id, 'parameters');
  });
  after(async () => await router?.close());

  it('draws the rows in sight alone, while it is scrolled from end to end', async () => {
    const { open, complaints } = pages();
    const page = await open(`${at}?path=${HOSTS}`);
    const tree = page.getByRole('treegrid');
    await rowOf(page, `${HOSTS}1.`).waitFor();
    assert.ok((await tree.getByRole('row').count()) < 60);
    await rowOf(page, HOSTS).focus();
    await page.keyboard.press('End');
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-rowindex') !== null);
    assert.ok((await tree.getByRole('row').count()) < 60);
    assert.ok((await page.evaluate(() => document.querySelectorAll('*').length)) < 2500);
    assert.deepEqual(complaints(), []);
  });

  it('is searched by the server, and what is found is text', async () => {
    const { open, complaints } = pages();
    const page = await open(at);
    await page.getByRole('treegrid').waitFor();
    const asked = page.waitForRequest(request => request.url().includes('find=script'));
    await page.keyboard.press('/');
    await page.keyboard.type('host script');
    await asked;
    await rowOf(page, `${HOSTS}1251.HostName`).getByText(EVIL).waitFor();
    await page.getByText(/^1 of 8,/).waitFor();
    assert.notEqual(await page.title(), 'owned');
    assert.deepEqual(complaints(), []);
  });
});
