// Azurite's queue service, with its own arguments. It ends when standard input
// does, so that it never outlives whoever started it; our programs are told that
// by an argument, which Azurite does not know.
process.argv = process.argv.filter((argument) => argument !== "--until-stdin-eof");
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();

await import("azurite/dist/src/queue/main.js");
