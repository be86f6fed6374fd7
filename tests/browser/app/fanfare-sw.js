importScripts('{server}/sdk/fanfare-sw.js');
