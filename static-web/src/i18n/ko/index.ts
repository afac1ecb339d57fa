import chat from "./chat.json";
import common from "./common.json";
import pages from "./pages.json";
import sidebar from "./sidebar.json";
import tools from "./tools.json";

export default { chat, common, pages, sidebar, tools };
