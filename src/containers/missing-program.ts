/**
 * What the runtime (runc, crun), or the shell that was to become it, says of a program that is not there, with exit code 126 or 127. Of anything else that is missing then
 * (a namespace, a control group, a task) a container that ends is the reason.
 */
export const missingProgram = /executable file|\bexec: .*(?:not found|no such file)/i;
