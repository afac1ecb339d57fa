/** Every browser that we build for clones by itself. */
export default structuredClone;
