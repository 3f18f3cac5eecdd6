// All pages of the unit in all windows: four widths in both themes, with help and without.
import { pagesOf } from '../../cpe/web/pages/pages.ts';
import { BrowserLab, windows } from '../support/cpe/web/browser.ts';
import { peerSuite } from '../support/servers/peers.ts';

peerSuite("all of the unit's pages in all windows", { programs: ['chromium'] }, function () {
  this.timeout(600_000);
  let lab: BrowserLab;
  before(async () => {
    lab = await BrowserLab.open();
  });
  after(() => lab?.close());

  for (const window of windows) {
    it(`break no rule of axe and fit at ${window.width} px in the ${window.theme} theme`, async () => {
      const paths = pagesOf(lab.gateway.device).map(({ path }) => path);
      await lab.judge(window, [...paths, ...paths.map(path => `${path}?help`)]);
    });
  }
});
