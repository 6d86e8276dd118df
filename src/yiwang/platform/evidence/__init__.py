"""Ask once (免提交): what is known already and from where, what must still be asked, and what that saved."""
