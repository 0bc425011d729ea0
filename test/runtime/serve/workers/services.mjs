/** The services of the program, for its clients. */

export { Greeter } from 'idl/greeter'
export { Hello } from 'idl/hello'
