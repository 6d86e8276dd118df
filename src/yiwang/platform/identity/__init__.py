"""Who people are: persons and organisations, sign-in, assurance levels, and who acts for whom."""
