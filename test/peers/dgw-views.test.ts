// The models that an ACS sees of a DGW beside its own, against the Broadband Forum's documents.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acsView } from '../../cpe/agent/views/view-of.ts';
import { builtinModel, loadModel } from '../../shared/model/datamodel.ts';
import { type ParameterDef, xsdType } from '../../shared/model/definitions.ts';
import { templateOf } from '../../shared/model/path.ts';
import { Gateways, set } from '../support/cpe/gateways.ts';
import { documentsFolder, peerSuite } from '../support/servers/peers.ts';

const document = (name: string): Promise<Buffer> => readFile(join(documentsFolder, `${name}-full.xml`));

interface Demanded {
  path: string;
  writable: boolean;
}

/** The parameters that profiles of a document demand. */
async function demanded(name: string, profiles: readonly string[]): Promise<Demanded[]> {
  const text = (await document(name)).toString('utf8');
  return profiles.flatMap(profile => {
    const body = new RegExp(`<profile name="${profile}"[\\s\\S]*?</profile>`).exec(text)?.[0] ?? '';
    return [...body.matchAll(/<object ref="([^"]+)"[\s\S]*?<\/object>/g)].flatMap(([object, path]) =>
      [...object.matchAll(/<parameter ref="([^"]+)" requirement="(\w+)"/g)].map(([, parameter, requirement]) => {
        return { path: `${path}${parameter}`, writable: requirement === 'readWrite' };
      }),
    );
  });
}

peerSuite('models of a DGW', { files: [documentsFolder] }, () => {
  const voiceDefs = async (): Promise<ParameterDef[]> =>
    [...(await builtinModel('dgw')).parameters.values()].filter(def => def.path.startsWith('Device.Services.'));

  it('the voice service has the names, types and access of TR-104', async () => {
    const standard = await loadModel(await document('tr-104-1-1-0'));
    const defs = await voiceDefs();
    assert.ok(defs.length > 100);
    for (const def of defs) {
      const theirs = standard.parameters.get(def.path);
      assert.ok(theirs, def.path);
      assert.equal(xsdType(def), xsdType(theirs), def.path);
      assert.ok(theirs.writable || !def.writable, def.path);
      assert.equal(def.hidden, theirs.hidden, def.path);
      assert.equal(def.activeNotify, theirs.activeNotify, def.path);
      const labels = theirs.enumeration?.map(({ label }) => label);
      for (const { label } of def.enumeration ?? [])
        assert.ok(label === '' || !labels || labels.includes(label), `${def.path} ${label}`);
    }
  });

  it('the voice service has all that its profiles Endpoint:1 and SIPEndpoint:1 demand', async () => {
    const writable = new Map((await voiceDefs()).map(def => [def.path, def.writable]));
    const wanted = await demanded('tr-104-1-1-0', ['Endpoint:1', 'SIPEndpoint:1']);
    assert.ok(wanted.length > 95);
    assert.deepEqual(
      wanted.filter(one => {
        const own = writable.get(`Device.Services.${one.path}`);
        return own === undefined || (one.writable && !own);
      }),
      [],
    );
  });

  it('has names and types of TR-098 below InternetGatewayDevice, and the profiles it claims', async () => {
    const on = await Gateways.open();
    try {
      const gateway = await on.up();
      await set(gateway, { 'Cwmp.RootElement': 'InternetGatewayDevice', 'Cwmp.Tr069AnnexFEnable': 'Enable' });
      const standard = await loadModel(await document('tr-098-1-8-0'));
      const shown = acsView(gateway.device)
        .read('')
        .filter(({ Name }) => !Name.includes('X_0090F8'));
      assert.ok(shown.length > 100);
      for (const { Name, Type } of shown) {
        const theirs = standard.parameters.get(templateOf(Name).template);
        assert.ok(theirs, Name);
        assert.equal(Type, xsdType(theirs), Name);
      }
      const names = new Set(shown.map(({ Name }) => templateOf(Name).template));
      const wanted = await demanded('tr-098-1-8-0', ['UDPConnReq:1', 'DownloadTCP:1', 'UploadTCP:1']);
      assert.ok(wanted.length > 10);
      assert.deepEqual(
        wanted.filter(({ path }) => !names.has(path)),
        [],
      );
    } finally {
      await on.close();
    }
  });

  it('the gateway in front is that of TR-106', async () => {
    const standard = await loadModel(await document('tr-106-1-2-0'));
    const model = await builtinModel('dgw');
    const own = [...model.parameters.values()].filter(({ path }) => path.startsWith('Device.GatewayInfo.'));
    assert.equal(own.length, 3);
    for (const def of own) assert.equal(def.type, standard.parameters.get(def.path)?.type, def.path);
  });
});
