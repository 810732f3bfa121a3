"""What an infrared picture of the eyes shows: lids, pupils, gaze, and the action units that follow from them."""
