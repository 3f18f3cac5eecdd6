// English texts of the sign-in.

export const login = {
  title: 'Sign in',
  name: 'Name',
  password: 'Password',
  submit: 'Sign in',
  otherWay: 'Sign in at the identity provider',
  ended: 'The session has ended. Changes that are not sent yet are kept.',
};
