// English texts of the summary of a device.

export const deviceSummary = {
  connection: {
    title: 'Connection',
    address: 'Address',
    interval: 'Inform every',
  },
};
