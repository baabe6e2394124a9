document.body.append("Set up your board");
