// The unit's SIP variables as its calls take them.
import assert from 'node:assert/strict';
import { callSettings } from '../../../../cpe/services/sip/call-settings.ts';
import { type CallSettings, factoryCallSettings } from '../../../../cpe/voice/call/settings.ts';
import { Gateways } from '../../../support/cpe/gateways.ts';

describe('the settings of calls', () => {
  let gateways: Gateways;
  before(async () => {
    gateways = await Gateways.open();
  });
  after(() => gateways.close());

  const settingsWith = async (parameters: Record<string, string>): Promise<CallSettings> => {
    const { device } = await gateways.make({ profile: { parameters, certificates: [] } });
    return callSettings(device);
  };

  it('are the factory’s at a factory unit', async () => {
    assert.deepEqual(await settingsWith({}), factoryCallSettings);
  });

  it('take hold from InteropOnHold…', async () => {
    const { hold } = await settingsWith({
      'SipEp.InteropOnHoldSdpStreamDirection': 'Sendonly',
      'SipEp.InteropOnHoldSdpConnectionAddress': 'MediaAddress',
      'SipEp.InteropOnHoldAnswerSdpStreamDirection': 'Inactive',
    });
    assert.deepEqual(hold, { direction: 'sendonly', address: 'media', answer: 'inactive' });
  });

  it('take the services of the unit’s side from EpServ', async () => {
    const { services } = await settingsWith({
      'EpServ.DefaultHoldEnable': 'Disable',
      'EpServ.DefaultTransferAttendedEnable': 'Disable',
    });
    assert.deepEqual(services, { hold: false, blindTransfer: true, attendedTransfer: false });
  });

  it('take the session timer from DefaultSessionTimer… and SessionRefreshRequestMethod', async () => {
    const { timer } = await settingsWith({
      'SipEp.DefaultSessionTimerEnable': 'Disable',
      'SipEp.DefaultSessionTimerMinimumExpirationDelay': '200',
      'SipEp.DefaultSessionTimerMaximumExpirationDelay': '600',
      'SipEp.SessionRefreshRequestMethod': 'Update',
    });
    assert.deepEqual(timer, { enabled: false, shortest: 200, proposed: 600, refresh: 'UPDATE' });
  });

  it('take reliable provisional responses and early media from their variables', async () => {
    const { prack, earlyMedia } = await settingsWith({
      'SipEp.UasPrackSupport': 'Supported',
      'SipEp.UacPrackSupport': 'Required',
      'SipEp.InteropSend183WithSdpBefore180WithoutSdp': 'Enable',
    });
    assert.deepEqual([prack, earlyMedia], [{ uas: true, uac: 'required' }, true]);
  });

  it('take digits by INFO from InteropDtmfTransport… and InteropSipInfoWithoutContentAnswer', async () => {
    const { info } = await settingsWith({
      'SipEp.InteropDtmfTransportMethod': 'InfoDtmfRelay',
      'SipEp.InteropDtmfTransportDuration': '250',
      'SipEp.InteropSipInfoWithoutContentAnswer': 'Ok',
    });
    assert.deepEqual(info, { format: 'relay', duration: 250, emptyAnswer: 200 });
  });
});
